"""Chats and their messages (import contract §5)."""

from typing import Literal

from pydantic import Field

from shared.schema.base import Canonical, Instant, TargetId, Text


class Bound(Canonical):
    """The record that a chat belongs to."""

    entity: Literal["group", "task", "company", "contact", "deal", "smart_process_item"]
    id: TargetId


class Chat(Canonical):
    """A chat with its members."""

    type: Literal["private", "group", "open", "crm", "tasks", "workgroup"] | None = None
    title: Text | None = None
    owner_id: TargetId | None = None
    member_ids: list[TargetId] = Field(default_factory=list)
    created_at: Instant | None = None
    bound_to: Bound | None = None


class ChatMessage(Canonical):
    """A message; without an author it is the system's."""

    chat_id: TargetId
    author_id: TargetId | None = None
    sent_at: Instant
    body_html: Text | None = None
    reply_to_id: TargetId | None = None
    media_ids: list[TargetId] = Field(default_factory=list)
