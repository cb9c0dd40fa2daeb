"""What chats and messages are, beside what they hold (API facts §4.5)."""

import re
from collections.abc import Mapping

from plans.bitrix24_onprem.makers.bindings import record_of
from shared.model.json import Json, JsonObject, as_list
from shared.transform.making import Maker, Making
from shared.transform.references import Pending
from shared.transform.steps import title

_PRIVATE, _GROUP = "private", "group"
_BY_RECORD = {"CRM": "crm", "SONET_GROUP": "workgroup", "TASKS": "tasks", "TASKS_TASK": "tasks"}
_BY_TYPE = {"crm": "crm", "open": "open", "sonetGroup": "workgroup", "tasks": "tasks", "tasksTask": "tasks"}
_BY_LETTER = {"O": "open"}

_CRM_RECORD = re.compile(r"(?:(?P<kind>COMPANY|CONTACT|DEAL)|DYNAMIC_(?P<type>[0-9]{1,9}))\|(?P<id>[1-9][0-9]{0,17})")
_CRM_TYPES = {"COMPANY": 4, "CONTACT": 3, "DEAL": 2}
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_RECORDS = {"SONET_GROUP": "group", "TASKS": "task", "TASKS_TASK": "task"}


def chat_type(making: Making) -> Json:
    """One of the contract's types. Chats of kinds that it does not name (calendar, video call, …) are groups."""
    data = making.record.data
    if _is_private(data):
        return _PRIVATE
    bound = _BY_RECORD.get(str(data.get("entity_type")))
    return bound or _BY_TYPE.get(str(data.get("type"))) or _BY_LETTER.get(str(data.get("message_type"))) or _GROUP


def chat_title(making: Making) -> Json:
    """The title; a private chat has none: each side sees the other's name there."""
    shown = making.value()
    return None if _is_private(making.record.data) or not shown else title(shown, {})


def bound_to(making: Making) -> Json:
    """The record that a chat belongs to; None for none, and for kinds of records that are not moved."""
    data = making.record.data
    found = _record_of(str(data.get("entity_type")), str(data.get("entity_id")))
    if found is None or found[0] not in making.around.imported:
        return None
    return {"entity": found[0], "id": Pending(*found, required=True)}


def chat_files(making: Making) -> Json:
    """None: files that were sent in chats are not moved; where there are some, it is noted."""
    value = making.value()
    if files := [one for one in as_list(value) or [value] if one and one != "0"]:
        making.flaws.append(
            f"media_ids: {len(files)} file(s) of this message stay behind; files of chats are not moved"
        )
    return []


def _is_private(data: JsonObject) -> bool:
    return data.get("type") == _PRIVATE or data.get("message_type") == "P"


def _record_of(kind: str, number: str) -> tuple[str, str] | None:
    """(entity, source id)."""
    if kind == "CRM" and (match := _CRM_RECORD.fullmatch(number)):
        return record_of(int(match["type"] or _CRM_TYPES[match["kind"]]), match["id"])
    if kind in _RECORDS and _NUMBER.fullmatch(number):
        return _RECORDS[kind], number
    return None


MAKERS: Mapping[str, Maker] = {
    "bound_to": bound_to,
    "chat_files": chat_files,
    "chat_title": chat_title,
    "chat_type": chat_type,
}
