"""Custom fields: how they are defined, and how their names are spelled (API facts §4.8, §5.4)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5
from typing import Any

_PLAIN = re.compile(r"UF_CRM_(?:(\d+)_)?([A-Z]+(?:_[A-Z]+)*|\d+)$")


@dataclass(frozen=True, slots=True)
class Option:
    """A value of an enumeration. Records hold its id."""

    id: int
    value: str
    default: bool = False

    @property
    def xml_id(self) -> str:
        """The code that stays the same in another portal."""
        return md5(self.value.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class CustomField:
    """``entity``: ``CRM_DEAL``, ``CRM_CONTACT``, ``CRM_COMPANY``, or ``CRM_`` and the id of a smart process's type."""

    id: int
    entity: str
    name: str
    kind: str
    label: str
    multiple: bool = False
    mandatory: bool = False
    options: tuple[Option, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    tail: str
    kind: str
    label: str
    multiple: bool = False
    options: tuple[str, ...] = ()


_PLANS = (
    _Plan("1721244482250", "string", "Номер договора"),
    _Plan("CONTRACT_KIND", "enumeration", "Вид договора 📄", options=("Разовый", "Рамочный", "R&D")),
    _Plan("1713790573", "enumeration", "Радио", True, ("Детское", "Шансон", "Rock & Roll", "FM 100")),
    _Plan("IS_VIP", "boolean", "VIP"),
    _Plan("1721244707107", "double", "Вес, т"),
    _Plan("BUDGET", "money", "Бюджет"),
    _Plan("SIGNED_ON", "date", "Дата подписания"),
    _Plan("CALL2", "datetime", "Второй звонок"),
    _Plan("1687188367", "crm", "Связано с", True),
    _Plan("SCAN", "file", "Скан договора"),
    _Plan("PHOTOS", "file", "Фото с объекта", True),
    _Plan("CURATOR", "employee", "Куратор"),
    _Plan("1724412832", "address", "Адрес доставки"),
    _Plan("BRANCH", "crm_status", "Отрасль"),
    _Plan("SITE", "url", "Сайт", True),
    _Plan("FLOORS", "integer", "Этажей"),
)
_SETTINGS: dict[str, dict[str, Any]] = {
    "string": {"SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": ""},
    "enumeration": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y"},
    "boolean": {"DEFAULT_VALUE": 0, "DISPLAY": "CHECKBOX", "LABEL": ["", ""], "LABEL_CHECKBOX": ""},
    "double": {"PRECISION": 2, "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": None},
    "crm": {"DEAL": "Y", "CONTACT": "Y", "COMPANY": "Y", "LEAD": None},
    "crm_status": {"ENTITY_TYPE": "INDUSTRY"},
    "address": {"SHOW_MAP": "Y"},
}


def define(entities: Iterable[tuple[str, str]]) -> list[CustomField]:
    """The custom fields of entities, given as (``CRM_DEAL``, ``UF_CRM_``). Ids are unique in the portal."""
    defined: list[CustomField] = []
    option_id, step = 3157, 2
    for place, (entity, prefix) in enumerate(entities):
        for number, plan in enumerate(_PLANS):
            if place and (number + place) % 3 == 0:
                continue
            options = []
            for value in plan.options:
                options.append(Option(option_id, value, default=value == plan.options[-1]))
                option_id += step
            defined.append(
                CustomField(
                    5815 + 3 * len(defined),
                    entity,
                    prefix + plan.tail,
                    plan.kind,
                    plan.label,
                    plan.multiple,
                    mandatory=number == place,
                    options=tuple(options),
                    settings=_SETTINGS.get(plan.kind, {}),
                )
            )
    return defined


@cache
def camel(name: str) -> str:
    """``UF_CRM_7_IS_VIP`` → ``ufCrm7IsVip``; a name of letters and digits mixed keeps its spelling: ``ufCrm_7_CALL2``.

    Source: ``api-reference/crm/universal/index.md``.
    """
    match = _PLAIN.match(name)
    if match is None:
        return "ufCrm_" + name.removeprefix("UF_CRM_")
    kind, tail = match[1] or "", match[2]
    if tail.isdecimal():
        return f"ufCrm{kind}_{tail}"
    return f"ufCrm{kind}" + "".join(word.capitalize() for word in tail.split("_"))
