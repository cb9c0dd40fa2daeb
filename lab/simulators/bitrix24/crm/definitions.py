"""Custom fields as the two families list their definitions (API facts §5.4)."""

from typing import Any

from lab.simulators.bitrix24.crm.custom import CustomField, Option
from lab.simulators.bitrix24.lists import Row

_LABELS = ("EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL")
_MESSAGES = ("ERROR_MESSAGE", "HELP_MESSAGE")


def classic_definition(field: CustomField, *, labels: bool) -> Row:
    """A row of ``crm.deal.userfield.list``. Labels come only with a language in the filter."""
    row: Row = {"ID": str(field.id), "ENTITY_ID": field.entity, "FIELD_NAME": field.name, "USER_TYPE_ID": field.kind}
    row |= {"XML_ID": None, "SORT": "100", **_flags(field), "SETTINGS": field.settings}
    if labels:
        row |= dict.fromkeys(_LABELS, field.label) | dict.fromkeys(_MESSAGES)
    if field.kind == "enumeration":
        row["LIST"] = [_option(one, place) for place, one in enumerate(field.options)]
    return row


def config_row(field: CustomField, *, options: bool, language: str = "ru") -> Row:
    """A row of ``userfieldconfig.list``, with ``options`` of ``userfieldconfig.get``. Without a language no labels."""
    row: Row = {
        "id": str(field.id),
        "entityId": field.entity,
        "fieldName": field.name,
        "userTypeId": field.kind,
        "xmlId": None,
        "sort": "100",
    }
    row |= {_camel(name): flag for name, flag in _flags(field).items()} | {"settings": field.settings}
    if language:
        row["languageId"] = {language: language}
        row |= {_camel(name): {language: field.label} for name in _LABELS}
        row |= {_camel(name): None for name in _MESSAGES}
    if options and field.kind == "enumeration":
        row["enum"] = [
            {_camel(name): one for name, one in _option(option, place, str(field.id)).items()}
            for place, option in enumerate(field.options)
        ]
    return row


def _option(option: Option, place: int, owner: str = "") -> dict[str, Any]:
    shown: dict[str, Any] = {"ID": str(option.id)} | ({"USER_FIELD_ID": owner} if owner else {})
    shown |= {"SORT": str(10 * (place + 1)), "VALUE": option.value}
    return shown | {"DEF": "Y" if option.default else "N", "XML_ID": option.xml_id}


def _flags(field: CustomField) -> dict[str, str]:
    return {
        "MULTIPLE": "Y" if field.multiple else "N",
        "MANDATORY": "Y" if field.mandatory else "N",
        "SHOW_FILTER": "E",
        "SHOW_IN_LIST": "Y",
        "EDIT_IN_LIST": "Y",
        "IS_SEARCHABLE": "N",
    }


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(word.capitalize() for word in others)
