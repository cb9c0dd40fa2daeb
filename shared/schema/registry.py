"""Which model is whose, and checking records by them before they are sent."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError

from shared.model.errors import RecordRejected
from shared.model.json import JsonObject
from shared.schema.base import Canonical
from shared.schema.chats import Chat, ChatMessage
from shared.schema.crm import Company, Contact, Deal, SmartProcessItem
from shared.schema.feed import FeedComment, FeedPost
from shared.schema.media import MediaFile
from shared.schema.people import Department, Group, User
from shared.schema.tasks import Task, TaskComment
from shared.schema.workflows import WorkflowTemplate

SCHEMAS: Mapping[str, type[Canonical]] = MappingProxyType(
    {
        "department": Department,
        "user": User,
        "group": Group,
        "chat": Chat,
        "chat_message": ChatMessage,
        "feed_post": FeedPost,
        "feed_comment": FeedComment,
        "task": Task,
        "task_comment": TaskComment,
        "company": Company,
        "contact": Contact,
        "deal": Deal,
        "smart_process_item": SmartProcessItem,
        "workflow_template": WorkflowTemplate,
    }
)
"""By entity of the import contract."""

MODELS: Mapping[str, type[Canonical]] = MappingProxyType({**SCHEMAS, "media_file": MediaFile})
"""By entity; files, too, which are no records for the target."""

_VALIDATORS = {entity: model.__pydantic_validator__ for entity, model in MODELS.items()}


def validate(entity: str, data: JsonObject) -> None:
    """Check a record that has its target ids. Raises KeyError for an unknown entity.

    Raises RecordRejected with ``transform.missing_required`` or ``transform.bad_value`` and the path of the first field
    that is wrong (``members.0.role``). The message names no value: it may be private.
    """
    try:
        _VALIDATORS[entity].validate_python(data)
    except ValidationError as error:
        raise _rejection(error) from None


def _rejection(error: ValidationError) -> RecordRejected:
    first = error.errors(include_url=False, include_context=False)[0]
    path = ".".join(map(str, first["loc"]))
    if first["type"] == "missing" or first["input"] is None:
        return RecordRejected("transform.missing_required", f"{path} has no value", field=path)
    return RecordRejected("transform.bad_value", f"{path}: {first['msg']}", field=path)
