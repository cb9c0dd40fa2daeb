"""Records on their way: as the source gave them, as the target gets them, and what the target said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One normalised source row. ``id`` is the contract's source id; ``data`` is the source's own shape."""

    id: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Lost:
    """A record that a page knows of and could not read, for good. ``reason`` is a code; ``message`` is safe to show."""

    id: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class SourcePage:
    """What one read of the source brought.

    ``raw`` holds the answers exactly as they came, in call order. ``next`` is where the range goes on, or None.
    ``calls`` counts HTTP calls. What is ``lost`` is not among the records. ``coverage`` are counters that tell how much
    of what there is could be seen, and by whom (``seen_by 7``); they are added up over an entity.
    """

    records: tuple[SourceRecord, ...]
    raw: tuple[bytes, ...]
    next: JsonObject | None
    calls: int
    lost: tuple[Lost, ...] = ()
    coverage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """An entity cut into ranges: the cursor each one starts with, and the source's own count when it gives one."""

    cursors: tuple[JsonObject, ...]
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class OutgoingItem:
    """One item of a write call (contract §2)."""

    source_id: str
    idempotency_key: str
    checksum: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Receipt:
    """The target's answer for one record.

    ``outcome`` is ``imported``, ``skipped``, ``duplicate`` or ``failed``. ``action`` is ``created`` or ``updated``.
    """

    source_id: str
    outcome: str
    target_id: str | None = None
    action: str | None = None
    run_id: str | None = None
    code: str | None = None
    field: str | None = None
    reason: str | None = None
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A target id in a canonical record: where it stands (``members.0.user_id``), and of which entities it may be."""

    field: str
    entities: tuple[str, ...]
    target_id: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One record as the target lists it. ``source_id`` is None for files and for what import did not make.

    The latter is ``foreign``.
    """

    target_id: str
    source_id: str | None
    checksum: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of what the target has, and where the next one begins, or None."""

    items: tuple[Listed, ...]
    next: str | None


class UndoPhase(StrEnum):
    """The two passes over what a run wrote (contract §4): the first over all entities, then the second."""

    RESTORE = "restore"  # what it updated or deleted gets its earlier version back
    DELETE = "delete"  # what it created goes


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one record. ``outcome`` is ``restored``, ``deleted``, ``kept`` or ``failed``.

    ``reason`` says why the target keeps it or failed on it: a code of the target's.
    """

    source_id: str
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class UndonePage:
    """One call's share of an undo. ``next`` is what to pass as ``after`` for the records that follow, or None."""

    items: tuple[Undone, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class MethodLimit:
    """What the target says of one write method."""

    max_items: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The target's own description (contract §1). ``limits`` is keyed by entity. No file may be larger than
    ``max_media_bytes``. ``code_expires_at``, in seconds since 1970, is None when the code does not expire, or nobody
    told."""

    contract: str
    store_id: str
    product_version: str
    max_bytes: int
    limits: dict[str, MethodLimit] = field(default_factory=dict)
    max_media_bytes: int | None = None
    code_expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class SchemaNeeds:
    """What records of an entity are going to hold that is of the target's own making.

    ``custom`` are codes of custom fields, ``codes`` values by canonical field. Without ``required`` fields there is no
    record.
    """

    entity: str
    custom: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to ask the target for."""
        return bool(self.custom or self.codes)


LetterPlace = tuple[str, str, str]
"""Run, entity and source id of a dead letter."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record (or page) that failed for good. Points to the raw data; never holds the payload.

    ``cause`` is the fingerprint that letters with the same root share. ``page`` is the row of the ledger that gave the
    record up, ``{range}/{row}``. ``needs`` are the records that it waited for in vain: ``user:7 department:9``.
    """

    run_id: str
    entity: str
    source_id: str
    reason: str
    message: str
    attempts: int
    raw_blob: str | None
    cause: str
    field: str | None = None
    page: str | None = None
    needs: str | None = None

    @property
    def place(self) -> LetterPlace:
        """Where it stands among all of them."""
        return self.run_id, self.entity, self.source_id
