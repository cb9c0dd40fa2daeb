"""The contract's entities as data (§2, §5). A new entity is one block here."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Types of a field's value."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``refers_to`` is the entity (or ``media``) whose target id it holds; ``many`` makes it a list.

    ``fields`` describe an object; ``choices`` are the only texts allowed. ``refers_by`` names the sibling field that
    says which entity ``id`` points to.
    """

    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    refers_to: str | None = None
    refers_by: str | None = None
    choices: tuple[str, ...] = ()
    fields: dict[str, "Field"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entity:
    """One importable entity with the gateway's default limits."""

    name: str
    method: str
    path: str
    max_items: int
    per_minute: int
    key: str
    fields: dict[str, Field]


def _text(*, required: bool = False) -> Field:
    return Field(required=required)


def _ref(entity: str, *, required: bool = False, many: bool = False) -> Field:
    return Field(refers_to=entity, required=required, many=many)


def _choice(*choices: str, required: bool = False) -> Field:
    return Field(choices=choices, required=required)


_FLAG = Field(Kind.FLAG)
_INSTANT = Field(Kind.INSTANT)
_REQUIRED_INSTANT = Field(Kind.INSTANT, required=True)
_DATE = Field(Kind.DATE)
_MONEY = Field(Kind.MONEY)
_MEDIA = _ref("media", many=True)
_CUSTOM = Field(Kind.ANY)
_TAGS = Field(many=True)
_CONTACTS = Field(Kind.OBJECT, many=True, fields={"value": _text(required=True), "type": _text()})
_LINK = {"entity": _text(required=True), "id": Field(required=True, refers_by="entity")}

_TOUCHED = {
    "assigned_by_id": _ref("user"),
    "created_by_id": _ref("user"),
    "created_at": _INSTANT,
    "updated_at": _INSTANT,
    "custom": _CUSTOM,
}

_ALL = (
    Entity(
        "department",
        "import.departments.batch",
        "departments",
        100,
        600,
        "source:department",
        {
            "name": _text(required=True),
            "parent_id": _ref("department"),
            "head_user_id": _ref("user"),
            "sort": Field(Kind.NUMBER),
        },
    ),
    Entity(
        "user",
        "import.users.batch",
        "users",
        100,
        600,
        "source:user",
        {
            "email": _text(required=True),
            "name": _text(),
            "last_name": _text(),
            "second_name": _text(),
            "active": Field(Kind.FLAG, required=True),
            "position": _text(),
            "department_ids": _ref("department", many=True),
            "work_phone": _text(),
            "mobile_phone": _text(),
            "birthday": _DATE,
            "user_type": _choice("employee", "extranet", "placeholder"),
            "registered_at": _INSTANT,
            "photo_media_id": _ref("media"),
            "custom": _CUSTOM,
        },
    ),
    Entity(
        "group",
        "import.groups.batch",
        "groups",
        100,
        400,
        "source:group",
        {
            "name": _text(required=True),
            "description_html": _text(),
            "owner_id": _ref("user", required=True),
            "is_project": _FLAG,
            "visible": _FLAG,
            "opened": _FLAG,
            "closed": _FLAG,
            "created_at": _INSTANT,
            "updated_at": _INSTANT,
            "image_media_id": _ref("media"),
            "members": Field(
                Kind.OBJECT,
                many=True,
                fields={
                    "user_id": _ref("user", required=True),
                    "role": _choice("owner", "moderator", "member", required=True),
                },
            ),
        },
    ),
    Entity(
        "chat",
        "import.chats.batch",
        "chats",
        50,
        300,
        "source:chat",
        {
            "type": _choice("private", "group", "open", "crm", "tasks", "workgroup"),
            "title": _text(),
            "owner_id": _ref("user"),
            "member_ids": _ref("user", many=True),
            "created_at": _INSTANT,
            "bound_to": Field(Kind.OBJECT, fields=_LINK),
        },
    ),
    Entity(
        "chat_message",
        "import.chat.messages",
        "chat-messages",
        100,
        300,
        "source:chat:message",
        {
            "chat_id": _ref("chat", required=True),
            "author_id": _ref("user"),
            "sent_at": _REQUIRED_INSTANT,
            "body_html": _text(),
            "reply_to_id": _ref("chat_message"),
            "media_ids": _MEDIA,
        },
    ),
    Entity(
        "feed_post",
        "import.feed.posts",
        "feed-posts",
        50,
        300,
        "source:feed:post",
        {
            "author_id": _ref("user", required=True),
            "title": _text(),
            "body_html": _text(),
            "published_at": _REQUIRED_INSTANT,
            "tags": _TAGS,
            "media_ids": _MEDIA,
            "comments_enabled": _FLAG,
            "audience": Field(
                Kind.OBJECT,
                fields={
                    "everyone": _FLAG,
                    "user_ids": _ref("user", many=True),
                    "group_ids": _ref("group", many=True),
                    "department_ids": _ref("department", many=True),
                },
            ),
        },
    ),
    Entity(
        "feed_comment",
        "import.feed.comments",
        "feed-comments",
        100,
        300,
        "source:feed:comment",
        {
            "post_id": _ref("feed_post", required=True),
            "author_id": _ref("user"),
            "created_at": _REQUIRED_INSTANT,
            "body_html": _text(),
            "media_ids": _MEDIA,
        },
    ),
    Entity(
        "task",
        "import.tasks.batch",
        "tasks",
        50,
        300,
        "source:task",
        {
            "title": _text(required=True),
            "description_html": _text(),
            "status": _choice("pending", "in_progress", "awaiting_review", "completed", "deferred"),
            "priority": _choice("low", "normal", "high"),
            "creator_id": _ref("user"),
            "responsible_id": _ref("user", required=True),
            "accomplice_ids": _ref("user", many=True),
            "auditor_ids": _ref("user", many=True),
            "group_id": _ref("group"),
            "parent_id": _ref("task"),
            "deadline": _INSTANT,
            "start_plan": _INSTANT,
            "end_plan": _INSTANT,
            "created_at": _INSTANT,
            "changed_at": _INSTANT,
            "closed_at": _INSTANT,
            "tags": _TAGS,
            "checklists": Field(
                Kind.OBJECT,
                many=True,
                fields={
                    "title": _text(),
                    "items": Field(Kind.OBJECT, many=True, fields={"title": _text(), "done": _FLAG}),
                },
            ),
            "crm_links": Field(Kind.OBJECT, many=True, fields=_LINK),
            "media_ids": _MEDIA,
            "custom": _CUSTOM,
        },
    ),
    Entity(
        "task_comment",
        "import.task.comments",
        "task-comments",
        100,
        300,
        "source:task:comment",
        {
            "task_id": _ref("task", required=True),
            "author_id": _ref("user"),
            "created_at": _REQUIRED_INSTANT,
            "body_html": _text(),
            "media_ids": _MEDIA,
        },
    ),
    Entity(
        "company",
        "import.crm.companies",
        "crm/companies",
        50,
        200,
        "source:crm:company",
        {
            "title": _text(required=True),
            "company_type": _text(),
            "industry": _text(),
            "phones": _CONTACTS,
            "emails": _CONTACTS,
            "sites": _CONTACTS,
            "comments_html": _text(),
            **_TOUCHED,
        },
    ),
    Entity(
        "contact",
        "import.crm.contacts",
        "crm/contacts",
        50,
        200,
        "source:crm:contact",
        {
            "name": _text(),
            "last_name": _text(),
            "second_name": _text(),
            "position": _text(),
            "type_code": _text(),
            "company_id": _ref("company"),
            "phones": _CONTACTS,
            "emails": _CONTACTS,
            "sites": _CONTACTS,
            "birthday": _DATE,
            "comments_html": _text(),
            **_TOUCHED,
        },
    ),
    Entity(
        "deal",
        "import.crm.deals",
        "crm/deals",
        50,
        200,
        "source:crm:deal",
        {
            "title": _text(required=True),
            "category_id": _text(),
            "stage_id": _text(required=True),
            "type_code": _text(),
            "amount": _MONEY,
            "currency": _text(),
            "probability": Field(Kind.NUMBER),
            "company_id": _ref("company"),
            "contact_ids": _ref("contact", many=True),
            "begin_date": _DATE,
            "close_date": _DATE,
            "closed": _FLAG,
            "source_code": _text(),
            "comments_html": _text(),
            **_TOUCHED,
        },
    ),
    Entity(
        "smart_process_item",
        "import.crm.spitems",
        "crm/sp-items",
        50,
        200,
        "source:crm:sp",
        {
            "entity_type_id": _text(required=True),
            "title": _text(required=True),
            "category_id": _text(),
            "stage_id": _text(),
            "amount": _MONEY,
            "currency": _text(),
            "company_id": _ref("company"),
            "contact_ids": _ref("contact", many=True),
            "parents": Field(
                Kind.OBJECT,
                many=True,
                fields={"entity_type_id": _text(required=True), "id": _ref("smart_process_item", required=True)},
            ),
            **_TOUCHED,
        },
    ),
    Entity(
        "workflow_template",
        "import.workflows.tpls",
        "workflows",
        20,
        100,
        "source:workflow:tpl",
        {
            "name": _text(required=True),
            "module_id": _text(),
            "entity": _text(),
            "document_type": Field(Kind.ANY),
            "auto_execute": Field(Kind.ANY),
            "template": Field(Kind.ANY),
            "parameters": Field(Kind.ANY),
            "variables": Field(Kind.ANY),
            "constants": Field(Kind.ANY),
            "modified_at": _INSTANT,
            "author_id": _ref("user"),
        },
    ),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ALL}
"""In import order."""

BY_METHOD: dict[str, Entity] = {entity.method: entity for entity in _ALL}
