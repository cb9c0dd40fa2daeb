"""Departments, users and groups (import contract §5)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.schema.base import Canonical, Custom, Date, Instant, TargetId, Text

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=1_000_000)]
"""An address in lower case."""


class Department(Canonical):
    """A department; the tree hangs on ``parent_id``."""

    name: Text
    parent_id: TargetId | None = None
    head_user_id: TargetId | None = None
    sort: int | None = None


class User(Canonical):
    """A person. ``placeholder`` stands for somebody whom the source does not have any more."""

    email: Email
    name: Text | None = None
    last_name: Text | None = None
    second_name: Text | None = None
    active: bool
    position: Text | None = None
    department_ids: list[TargetId] = Field(default_factory=list)
    work_phone: Text | None = None
    mobile_phone: Text | None = None
    birthday: Date | None = None
    user_type: Literal["employee", "extranet", "placeholder"] | None = None
    registered_at: Instant | None = None
    photo_media_id: TargetId | None = None
    custom: Custom | None = None


class Member(Canonical):
    """Somebody in a group."""

    user_id: TargetId
    role: Literal["owner", "moderator", "member"]


class Group(Canonical):
    """A workgroup or project with its members."""

    name: Text
    description_html: Text | None = None
    owner_id: TargetId
    is_project: bool | None = None
    visible: bool | None = None
    opened: bool | None = None
    closed: bool | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    image_media_id: TargetId | None = None
    members: list[Member] = Field(default_factory=list)
