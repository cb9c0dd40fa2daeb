"""The contract's entities as data (§2); their fields are in ``gateway.records``."""

from dataclasses import dataclass

from gateway.fields import Field
from gateway.records import FIELDS


@dataclass(frozen=True, slots=True)
class Entity:
    """One importable entity with its default limits. ``key`` is what the keys of its records begin with."""

    name: str
    method: str
    path: str
    max_items: int
    per_minute: int
    key: str

    @property
    def fields(self) -> dict[str, Field]:
        """Fields of its records by name."""
        return FIELDS[self.name]


_ALL = (
    Entity("department", "import.departments.batch", "departments", 100, 600, "source:department"),
    Entity("user", "import.users.batch", "users", 100, 600, "source:user"),
    Entity("group", "import.groups.batch", "groups", 100, 400, "source:group"),
    Entity("chat", "import.chats.batch", "chats", 50, 300, "source:chat"),
    Entity("chat_message", "import.chat.messages", "chat-messages", 100, 300, "source:chat:message"),
    Entity("feed_post", "import.feed.posts", "feed-posts", 50, 300, "source:feed:post"),
    Entity("feed_comment", "import.feed.comments", "feed-comments", 100, 300, "source:feed:comment"),
    Entity("task", "import.tasks.batch", "tasks", 50, 300, "source:task"),
    Entity("task_comment", "import.task.comments", "task-comments", 100, 300, "source:task:comment"),
    Entity("company", "import.crm.companies", "crm/companies", 50, 200, "source:crm:company"),
    Entity("contact", "import.crm.contacts", "crm/contacts", 50, 200, "source:crm:contact"),
    Entity("deal", "import.crm.deals", "crm/deals", 50, 200, "source:crm:deal"),
    Entity("smart_process_item", "import.crm.spitems", "crm/sp-items", 50, 200, "source:crm:sp"),
    Entity("workflow_template", "import.workflows.tpls", "workflows", 20, 100, "source:workflow:tpl"),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ALL}
"""In import order."""

BY_METHOD: dict[str, Entity] = {entity.method: entity for entity in _ALL}

BY_PATH: dict[str, Entity] = {entity.path: entity for entity in _ALL}

KEY_BASES: tuple[str, ...] = tuple(f"{entity.key}:" for entity in _ALL)
