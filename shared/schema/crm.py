"""Companies, contacts, deals and items of smart processes (import contract §5)."""

from pydantic import Field

from shared.schema.base import Canonical, Custom, Date, Instant, Line, Money, TargetId, Text


class Address(Canonical):
    """A phone number, an e-mail address or a site. ``type`` is what the source says it is for (``WORK``, ``HOME``)."""

    value: Line
    type: Text | None = None


class _Kept(Canonical):
    """What every CRM record has."""

    assigned_by_id: TargetId | None = None
    created_by_id: TargetId | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    custom: Custom = Field(default_factory=dict)


class Company(_Kept):
    """A company. ``company_type`` and ``industry`` are codes of the target."""

    title: Line
    company_type: Text | None = None
    industry: Text | None = None
    phones: list[Address] = Field(default_factory=list)
    emails: list[Address] = Field(default_factory=list)
    sites: list[Address] = Field(default_factory=list)
    comments_html: Text | None = None


class Contact(_Kept):
    """A person at a client. ``type_code`` is a code of the target."""

    name: Text | None = None
    last_name: Text | None = None
    second_name: Text | None = None
    position: Text | None = None
    type_code: Text | None = None
    company_id: TargetId | None = None
    phones: list[Address] = Field(default_factory=list)
    emails: list[Address] = Field(default_factory=list)
    sites: list[Address] = Field(default_factory=list)
    birthday: Date | None = None
    comments_html: Text | None = None


class Deal(_Kept):
    """A deal. ``category_id``, ``stage_id``, ``type_code`` and ``source_code`` are codes of the target.

    ``contact_ids`` begins with the primary contact. ``amount`` is in ``currency``, ``probability`` in per cent.
    """

    title: Line
    category_id: Text | None = None
    stage_id: Line
    type_code: Text | None = None
    amount: Money | None = None
    currency: Text | None = None
    probability: int | None = None
    company_id: TargetId | None = None
    contact_ids: list[TargetId] = Field(default_factory=list)
    begin_date: Date | None = None
    close_date: Date | None = None
    closed: bool | None = None
    source_code: Text | None = None
    comments_html: Text | None = None


class Parent(Canonical):
    """A record that an item belongs to: a deal (type ``2``), a contact, a company or an item of another process."""

    entity_type_id: Line
    id: TargetId


class SmartProcessItem(_Kept):
    """An item of a smart process. ``entity_type_id``, ``category_id`` and ``stage_id`` are codes of the target."""

    entity_type_id: Line
    title: Line
    category_id: Text | None = None
    stage_id: Text | None = None
    amount: Money | None = None
    currency: Text | None = None
    company_id: TargetId | None = None
    contact_ids: list[TargetId] = Field(default_factory=list)
    parents: list[Parent] = Field(default_factory=list)
