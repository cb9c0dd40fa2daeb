"""The write methods of the contract (§2) as data: which method takes an entity, and what its keys begin with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteMethod:
    """How one entity is written. A record's key basis is ``key_prefix`` and its source id."""

    entity: str
    method: str
    key_prefix: str

    def basis(self, source_id: str) -> str:
        """What identifies the record among all that were ever imported."""
        return f"{self.key_prefix}:{source_id}"


_ALL = (
    WriteMethod("department", "import.departments.batch", "source:department"),
    WriteMethod("user", "import.users.batch", "source:user"),
    WriteMethod("group", "import.groups.batch", "source:group"),
    WriteMethod("chat", "import.chats.batch", "source:chat"),
    WriteMethod("chat_message", "import.chat.messages", "source:chat:message"),
    WriteMethod("feed_post", "import.feed.posts", "source:feed:post"),
    WriteMethod("feed_comment", "import.feed.comments", "source:feed:comment"),
    WriteMethod("task", "import.tasks.batch", "source:task"),
    WriteMethod("task_comment", "import.task.comments", "source:task:comment"),
    WriteMethod("company", "import.crm.companies", "source:crm:company"),
    WriteMethod("contact", "import.crm.contacts", "source:crm:contact"),
    WriteMethod("deal", "import.crm.deals", "source:crm:deal"),
    WriteMethod("smart_process_item", "import.crm.spitems", "source:crm:sp"),
    WriteMethod("workflow_template", "import.workflows.tpls", "source:workflow:tpl"),
)

WRITE_METHODS: dict[str, WriteMethod] = {method.entity: method for method in _ALL}
"""Write methods by entity."""

MEDIA = WriteMethod("media_file", "import.media.put", "source:media")
"""How files are written (contract §3): one to a call. No key of theirs goes over the wire."""

CAPABILITIES = "import.capabilities"
COUNT = "import.count"
READ = "import.read"
LIST = "import.list"
MEDIA_LIST = "import.media.list"
MEDIA_GET = "import.media.get"
DELETE = "import.delete"
ROLLBACK = "import.rollback"
SCHEMA_CHECK = "import.schema.check"


def basis(entity: str, source_id: str) -> str:
    """The key basis of a record. Raises KeyError for an entity the contract does not know."""
    return (MEDIA if entity == MEDIA.entity else WRITE_METHODS[entity]).basis(source_id)


def idempotency_key(entity: str, source_id: str, checksum: str) -> str:
    """The key of one version of a record: basis, colon, checksum."""
    return f"{basis(entity, source_id)}:{checksum}"
