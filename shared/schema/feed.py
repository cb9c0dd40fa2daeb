"""Posts of the feed and comments on them (import contract §5)."""

from pydantic import Field

from shared.schema.base import Canonical, Instant, TargetId, Text


class Audience(Canonical):
    """To whom a post went."""

    everyone: bool
    user_ids: list[TargetId] = Field(default_factory=list)
    group_ids: list[TargetId] = Field(default_factory=list)
    department_ids: list[TargetId] = Field(default_factory=list)


class FeedPost(Canonical):
    """A post. Without an audience it is visible to its author only. Media stand in the order of the source."""

    author_id: TargetId
    title: Text | None = None
    body_html: Text | None = None
    published_at: Instant
    tags: list[Text] = Field(default_factory=list)
    media_ids: list[TargetId] = Field(default_factory=list)
    comments_enabled: bool | None = None
    audience: Audience | None = None


class FeedComment(Canonical):
    """A comment on a post."""

    post_id: TargetId
    author_id: TargetId | None = None
    created_at: Instant
    body_html: Text | None = None
    media_ids: list[TargetId] = Field(default_factory=list)
