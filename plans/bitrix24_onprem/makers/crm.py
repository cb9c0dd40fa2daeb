"""What records of the CRM hold in lists of their own kind, in names that vary, and in codes (API facts §4.7, §4.8)."""

import re
from collections.abc import Callable, Mapping

from plans.bitrix24_onprem.makers.bindings import record_of
from shared.model.json import Json, as_list, as_map
from shared.transform.making import Maker, Making
from shared.transform.references import Pending
from shared.transform.steps import line, phone

_PARENT = re.compile(r"(?:parentId|PARENT_ID_)(?P<type>[0-9]{1,9})")
_OF_FUNNEL = re.compile(r"C(?P<funnel>[0-9]{1,18}):|DT(?P<type>[0-9]{1,9})_(?P<own>[0-9]{1,18}):")
_FIRST_FUNNEL = "0"


def _address(value: Json) -> Json:
    return str(line(value, {}) or "").lower()


_CLEAN: Mapping[str, Callable[[Json], Json]] = {
    "PHONE": lambda value: phone(value, {}),
    "EMAIL": _address,
    "WEB": lambda value: line(value, {}),
}


def multifield(making: Making) -> Json:
    """``[{"value", "type"}]`` of one kind (option ``kind``: PHONE, EMAIL, WEB), in the source's order.

    Takes ``fm`` with all kinds in it, or the list of that kind of the classic family. What is no number or no address
    is somebody's note, and stays as it is.
    """
    kind = making.options["kind"]
    made: list[Json] = []
    for row in map(as_map, as_list(making.value())):
        given = {name.replace("_", "").lower(): value for name, value in row.items()}
        if given.get("typeid") == kind and (value := _CLEAN[kind](given.get("value") or "")):
            made.append({"value": value, "type": given.get("valuetype") or None})
    return made


def code(making: Making) -> Json:
    """The target's code for one of the source: what the table says under option ``kind``, else the same."""
    given = _given(making)
    return None if given is None else _codes(making, making.options["kind"]).get(given, given)


def stage(making: Making) -> Json:
    """The target's code for a stage.

    One that the table does not list follows its funnel and its type: with funnel 1 as 7, ``C1:NEW`` is ``C7:NEW``
    (API facts §5.2).
    """
    given = _given(making)
    listed = _codes(making, "stage_id")
    if given is None or given in listed:
        return None if given is None else listed[given]
    funnels = _codes(making, "category_id")
    found = _OF_FUNNEL.match(given)
    name = given[found.end() :] if found else given
    if found and found["type"]:
        type_id = _codes(making, "entity_type_id").get(found["type"], found["type"])
        return f"DT{type_id}_{funnels.get(found['own'], found['own'])}:{name}"
    if making.entity != "deal":
        return given
    funnel = found["funnel"] if found else _FIRST_FUNNEL
    target = funnels.get(funnel, funnel)
    return name if target == _FIRST_FUNNEL else f"C{target}:{name}"


def parents(making: Making) -> Json:
    """``[{"entity_type_id", "id"}]`` from ``parentId128: 7`` and its like, by type; without those out of scope."""
    types = _codes(making, "entity_type_id")
    found = {
        int(match["type"]): str(value) for name, value in making.record.data.items() if (match := _parent(name, value))
    }
    made: list[Json] = []
    for type_id, number in sorted(found.items()):
        record = record_of(type_id, number)
        if record is not None and record[0] in making.around.imported:
            told = types.get(str(type_id), str(type_id))
            made.append({"entity_type_id": told, "id": Pending(*record, required=True)})
    return made


def _parent(name: str, value: Json) -> re.Match[str] | None:
    return None if value in (None, "", "0", 0, False, [], {}) else _PARENT.fullmatch(name)


def _given(making: Making) -> str | None:
    value = making.value()
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("is no code")  # noqa: TRY004  # what makers raise
    return str(value).strip() or None


def _codes(making: Making, kind: str) -> Mapping[str, str]:
    codes: Mapping[str, str] = (making.options["table"] or {}).get(kind, {})
    return codes


MAKERS: dict[str, Maker] = {
    "code": code,
    "multifield": multifield,
    "parents": parents,
    "stage": stage,
}
