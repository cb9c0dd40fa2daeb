"""Whether chats are deleted (API facts §4.5).

A chat that is not shown may have lost the webhook's user, or be deleted: the portal answers the same. But one that
belonged to a task, a group or a record of the CRM went with it, if that is gone for certain.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from connectors.bitrix24.families.crm import SMART_ITEM
from shared.model.json import JsonObject
from shared.ports.systems import Extracted

_OWNERS = {"TASKS_TASK": "task", "TASKS": "task", "SONET_GROUP": "group"}
_CRM_OWNERS = {"DEAL": "deal", "CONTACT": "contact", "COMPANY": "company"}
_DYNAMIC = "DYNAMIC_"

Gone = Callable[[str, Sequence[str]], Awaitable[Collection[str]]]
"""(entity, source ids) → those that are deleted for certain."""


async def chats_gone(source_ids: Sequence[str], extracted: Extracted, gone: Gone) -> frozenset[str]:
    """Those whose owners are gone, by the records of earlier runs. Of chats that belong to nothing, nobody knows."""
    owners = await _owners(frozenset(source_ids), extracted)
    by_entity: dict[str, set[str]] = {}
    for entity, source_id in owners.values():
        by_entity.setdefault(entity, set()).add(source_id)
    lost = {(entity, one) for entity, ids in by_entity.items() for one in await gone(entity, sorted(ids))}
    return frozenset(chat for chat, owner in owners.items() if owner in lost)


async def _owners(wanted: Collection[str], extracted: Extracted) -> Mapping[str, tuple[str, str]]:
    """By chat: (entity, source id) of what it belonged to when it was last read."""
    found: dict[str, tuple[str, str]] = {}
    for page in await extracted.earlier("chat") if wanted else ():
        for record in await extracted.rows(page):
            owner = _owner_of(record.data) if record.id in wanted else None
            if owner is not None:
                found[record.id] = owner
    return found


def _owner_of(chat: JsonObject) -> tuple[str, str] | None:
    kind, source_id = str(chat.get("entity_type") or ""), str(chat.get("entity_id") or "")
    if kind == "CRM":
        name, _, source_id = source_id.partition("|")
        number = name.removeprefix(_DYNAMIC)
        if number != name and number.isdecimal() and source_id.isdecimal():
            return SMART_ITEM, f"{number}:{source_id}"
        entity = _CRM_OWNERS.get(name)
    else:
        entity = _OWNERS.get(kind)
    return (entity, source_id) if entity is not None and source_id.isdecimal() else None
