"""Which fields of a canonical record hold target ids, and of which entities (import contract §5)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from shared.model.json import Json, JsonObject
from shared.model.records import Link

_CRM = ("company", "contact", "deal", "smart_process_item")
_USERS = (
    "head_user_id",
    "owner_id",
    "user_id",
    "user_ids",
    "member_ids",
    "author_id",
    "creator_id",
    "responsible_id",
    "accomplice_ids",
    "auditor_ids",
    "assigned_by_id",
    "created_by_id",
)
_FILES = ("media_ids", "photo_media_id", "image_media_id")

LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_USERS, ("user",)),
        **dict.fromkeys(_FILES, ("media_file",)),
        "department_ids": ("department",),
        "group_id": ("group",),
        "group_ids": ("group",),
        "chat_id": ("chat",),
        "reply_to_id": ("chat_message",),
        "post_id": ("feed_post",),
        "task_id": ("task",),
        "company_id": ("company",),
        "contact_ids": ("contact",),
    }
)
"""Entities by the name of the field; it means the same in every record and in the objects inside."""

TO_ITS_OWN = "parent_id"
"""Leads to another record of the same entity."""

TOLD_BESIDE = ("bound_to", "crm_links")
"""Objects whose ``id`` is of the entity that they name."""

OF_ANY = "parents"
"""Objects whose ``id`` is of one of the CRM: their type is a code of the target, which tells no entity."""

_INSIDE = ("members", "audience")
"""Objects with fields of the names above."""


def links(entity: str, data: JsonObject) -> Iterator[Link]:
    """Every target id in a record, with the path of its field (``members.0.user_id``)."""
    for name, value in data.items():
        if entities := (entity,) if name == TO_ITS_OWN else LINKS.get(name):
            yield from _ids(name, entities, value)
        elif name in TOLD_BESIDE:
            yield from (Link(f"{path}.id", (str(one.get("entity")),), one["id"]) for path, one in _named(name, value))
        elif name == OF_ANY:
            yield from (Link(f"{path}.id", _CRM, one["id"]) for path, one in _named(name, value))
        elif name in _INSIDE:
            for path, one in _objects(name, value):
                yield from (Link(f"{path}.{link.field}", link.entities, link.target_id) for link in links(entity, one))


def _ids(name: str, entities: tuple[str, ...], value: Json) -> Iterator[Link]:
    if isinstance(value, str):
        yield Link(name, entities, value)
    elif isinstance(value, list):
        yield from (Link(f"{name}.{place}", entities, one) for place, one in enumerate(value) if isinstance(one, str))


def _named(name: str, value: Json) -> Iterator[tuple[str, JsonObject]]:
    return ((path, one) for path, one in _objects(name, value) if isinstance(one.get("id"), str))


def _objects(name: str, value: Json) -> Iterator[tuple[str, JsonObject]]:
    if isinstance(value, dict):
        yield name, value
    elif isinstance(value, list):
        yield from ((f"{name}.{place}", one) for place, one in enumerate(value) if isinstance(one, dict))
