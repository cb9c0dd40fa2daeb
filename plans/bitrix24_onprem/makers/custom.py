"""Custom fields, by the white list and by their types (API facts §4.7, §4.8, §5.4)."""

import re
from collections.abc import Callable, Mapping, Sequence

from plans.bitrix24_onprem.makers.bindings import record_bound
from plans.bitrix24_onprem.makers.custom_fields import CustomField, Kind
from shared.model.json import Json, as_list, as_map
from shared.transform import steps
from shared.transform.making import Maker, Making, look_up
from shared.transform.references import Pending
from shared.transform.text.characters import normalise

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")
_OF_SMART_TYPE = re.compile(r"UF_CRM_([0-9]+)_")
_OWNERS = {
    "user": "USER",
    "task": "TASKS_TASK",
    "company": "CRM_COMPANY",
    "contact": "CRM_CONTACT",
    "deal": "CRM_DEAL",
}
_ONLY_BOUND_TO = {"DEAL": "D", "CONTACT": "C", "COMPANY": "CO"}


def custom(making: Making) -> Json:
    """White-listed fields under their target codes; null, or an empty list, for nothing.

    A value that makes no sense is left out with a note, and the others stay.
    """
    fields: Sequence[CustomField] = making.options["table"] or ()
    return {field.code: _value(making, field) for field in fields}


def _value(making: Making, field: CustomField) -> Json:
    found = look_up(making.record.data, field.source)
    if not field.multiple:
        return None if _is_nothing(field, found) else _one(making, field, found)
    listed = as_list(found) if isinstance(found, list | dict) else [found]
    made = (_one(making, field, item) for item in listed if not _is_nothing(field, item))
    return [item for item in made if item is not None]


def _is_nothing(field: CustomField, value: Json) -> bool:
    """``false`` is nothing everywhere but in a boolean, 0 where it would be an id (API facts §9.1.7)."""
    if value is False:
        return field.type != "boolean"
    if value is None or value in ("", [], {}):
        return True
    return field.type in ("enumeration", "employee", "crm") and value in (0, "0")


def _one(making: Making, field: CustomField, value: Json) -> Json:
    assert field.type is not None  # noqa: S101  # only rows with a type are included
    try:
        return _TRANSFORMS[field.type](making, field, value)
    except ValueError as error:
        making.flaws.append(f"custom.{field.code} {error}")
        return None


def _by(step: steps.Step) -> Callable[[Making, CustomField, Json], Json]:
    return lambda _making, _field, value: step(value, {})


def _text(_making: Making, _field: CustomField, value: Json) -> Json:
    text = steps.text(value, {})
    return normalise(str(text)).strip() or None if text is not None else None


def _enumeration(making: Making, field: CustomField, value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("is no id of a value")  # noqa: TRY004  # what makers raise
    told = field.values or _defined_values(making, field)
    if str(value) not in told:
        raise ValueError(f"has the value {value}, which neither the white list nor its definition knows")
    return told[str(value)]


def _defined_values(making: Making, field: CustomField) -> Mapping[str, str]:
    """By id. One family calls them ``LIST`` of ``ID`` and ``VALUE``, the other ``enum`` of ``id`` and ``value``.

    A definition that was read and has no values left is one all the same.
    """
    definition = _definition(making, field)
    values = definition.get("LIST", definition.get("enum"))
    if values is None or "enum" in as_list(definition.get("unread")):
        making.undefined.append(_name(making, field))
    rows = list(map(as_map, as_list(values)))
    return {str(row.get("ID") or row.get("id")): str(row.get("VALUE") or row.get("value")) for row in rows}


def _definition(making: Making, field: CustomField) -> Mapping[str, Json]:
    return making.around.definitions.get(_name(making, field), {})


def _name(making: Making, field: CustomField) -> str:
    """``UF_CRM_7_KIND`` of a smart process is defined with ``CRM_7``; ``ufAuto17`` of a task is ``UF_AUTO_17``."""
    name = field.source.rpartition(".")[2]
    name = name if name.startswith("UF_") else _HUMP.sub("_", name).upper()
    of_type = _OF_SMART_TYPE.match(name)
    owner = _OWNERS.get(making.entity) or (f"CRM_{of_type[1]}" if of_type else "")
    return f"{owner}:{name}"


def _money(_making: Making, _field: CustomField, value: Json) -> Json:
    """``"100|RUB"`` → ``{"amount": "100", "currency": "RUB"}``."""
    currency = str(value).partition("|")[2].strip()
    return {"amount": steps.decimal(value, {}), "currency": currency or None}


def _address(_making: Making, _field: CustomField, value: Json) -> Json:
    """``text|latitude;longitude|id``: without the id, which is the portal's own."""
    text = steps.line(value, {})
    return "|".join(str(text).split("|")[:2]) if text is not None else None


def _employee(_making: Making, _field: CustomField, value: Json) -> Json:
    return Pending("user", str(steps.integer(value, {})), required=False, placeholder=True)


def _crm(making: Making, field: CustomField, value: Json) -> Json:
    """``{"entity", "id"}``; leads, quotes and invoices are out of scope, and left out.

    A field for records of one kind alone may hold bare ids; which kind, its definition tells.
    """
    code = str(value)
    if code.isdecimal():
        if not _definition(making, field):
            making.undefined.append(_name(making, field))
        allowed = as_map(_definition(making, field).get("SETTINGS") or _definition(making, field).get("settings"))
        kinds = [name for name, flag in allowed.items() if flag == "Y"]
        code = f"{_ONLY_BOUND_TO.get(kinds[0], '')}_{code}" if len(kinds) == 1 else code
    record = record_bound(code)
    if record is None or record[0] not in making.around.imported:
        return None
    return {"entity": record[0], "id": Pending(*record, required=True)}


_TRANSFORMS: Mapping[Kind, Callable[[Making, CustomField, Json], Json]] = {
    "address": _address,
    "boolean": _by(steps.flag),
    "crm": _crm,
    "crm_status": _by(steps.line),
    "date": _by(steps.date),
    "datetime": _by(steps.instant),
    "double": _by(steps.decimal),
    "employee": _employee,
    "enumeration": _enumeration,
    "integer": _by(steps.integer),
    "money": _money,
    "string": _text,
    "url": _by(steps.line),
}

MAKERS: dict[str, Maker] = {"custom": custom}
