"""Tasks and their comments (import contract §5)."""

from typing import Literal

from pydantic import Field

from shared.schema.base import Canonical, Custom, Instant, Line, TargetId, Text


class ChecklistItem(Canonical):
    """One line of a checklist. ``title`` is null where the source has none."""

    title: Text | None = None
    done: bool


class Checklist(Canonical):
    """A checklist with the items of all its levels, one after the other. One without a title holds strays."""

    title: Text | None = None
    items: list[ChecklistItem] = Field(default_factory=list)


class CrmLink(Canonical):
    """A CRM record that a task belongs to."""

    entity: Literal["company", "contact", "deal", "smart_process_item"]
    id: TargetId


class Task(Canonical):
    """A task. ``parent_id`` is another task; ``closed_at`` is null while it is open."""

    title: Line
    description_html: Text | None = None
    status: Literal["pending", "in_progress", "awaiting_review", "completed", "deferred"]
    priority: Literal["low", "normal", "high"] | None = None
    creator_id: TargetId | None = None
    responsible_id: TargetId
    accomplice_ids: list[TargetId] = Field(default_factory=list)
    auditor_ids: list[TargetId] = Field(default_factory=list)
    group_id: TargetId | None = None
    parent_id: TargetId | None = None
    deadline: Instant | None = None
    start_plan: Instant | None = None
    end_plan: Instant | None = None
    created_at: Instant | None = None
    changed_at: Instant | None = None
    closed_at: Instant | None = None
    tags: list[Text] = Field(default_factory=list)
    checklists: list[Checklist] = Field(default_factory=list)
    crm_links: list[CrmLink] = Field(default_factory=list)
    media_ids: list[TargetId] = Field(default_factory=list)
    custom: Custom | None = None


class TaskComment(Canonical):
    """A comment on a task. ``author_id`` is null where nobody is known to have written it."""

    task_id: TargetId
    author_id: TargetId | None = None
    created_at: Instant
    body_html: Text | None = None
    media_ids: list[TargetId] = Field(default_factory=list)
