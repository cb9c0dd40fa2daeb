"""Phones, e-mails, sites and messengers of contacts and companies."""

from typing import Any

from lab.simulators.bitrix24.crm import words
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, both, classic, legacy, universal
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.standard import kept

KINDS = ("PHONE", "EMAIL", "WEB", "IM", "LINK")
_ALIASES = (
    ("phoneMobile", "PHONE", "MOBILE"),
    ("phoneWork", "PHONE", "WORK"),
    ("phoneMailing", "PHONE", "MAILING"),
    ("emailHome", "EMAIL", "HOME"),
    ("emailWork", "EMAIL", "WORK"),
    ("emailMailing", "EMAIL", "MAILING"),
    ("imol", "IM", "OPENLINE"),
    ("phone", "PHONE", ""),
    ("email", "EMAIL", ""),
)


def multifield_fields(records: Records) -> tuple[Field, ...]:
    """``fm`` and its flat aliases for the universal family, a list per kind for the classic one."""
    stored = kept("fm", lambda draw: _make(draw, records))

    def has(kind: str) -> Any:
        return lambda draw: any(one["typeId"] == kind for one in stored(draw))

    def alias(kind: str, value_type: str) -> Any:
        return lambda draw: next(
            (one["value"] for one in stored(draw) if one["typeId"] == kind and value_type in ("", one["valueType"])), ""
        )

    def listed(kind: str) -> Any:
        return lambda draw: [_upper(one) for one in stored(draw) if one["typeId"] == kind]

    return (
        both("hasPhone", "boolean", has("PHONE"), read_only=True),
        both("hasEmail", "boolean", has("EMAIL"), read_only=True),
        both("hasImol", "boolean", has("IM"), read_only=True),
        universal("fm", "crm_multifield", stored, multiple=True),
        *(universal(name, "string", alias(kind, one), described=False) for name, kind, one in _ALIASES),
        *legacy("skype", "icq"),
        *(classic(kind, "crm_multifield", listed(kind), multiple=True) for kind in KINDS),
    )


def _upper(one: dict[str, Any]) -> dict[str, str]:
    shown = {"ID": one["id"], "VALUE_TYPE": one["valueType"], "VALUE": one["value"], "TYPE_ID": one["typeId"]}
    return {name: str(value) for name, value in shown.items()}


def _make(draw: Draw, records: Records) -> list[dict[str, Any]]:
    made = []
    if draw.number("phone", 5):
        made.append(("WORK", _phone(draw, "work"), "PHONE"))
    if draw.one_in("second phone", 6):
        made.append(("MOBILE", _phone(draw, "mobile"), "PHONE"))
    if draw.number("email", 3):
        number = draw.id // 2 if draw.one_in("shared", 20) else draw.id  # some people have one address
        made.append((("WORK", "HOME")[draw.id % 2], f"Client{number}.{records.type_id}@Example.com", "EMAIL"))
    if draw.one_in("web", 8):
        made.append(("WORK", f"https://пример-{draw.id}.рф/?a=1&b=2", "WEB"))
    if draw.one_in("im", 15):
        made.append(("OPENLINE", f"imol|livechat|1|{draw.id}|21", "IM"))
    first = draw.id * 10 + (5 if records.type_id % 2 else 0)
    return [
        {"id": first + place, "valueType": kind, "value": value, "typeId": type_id}
        for place, (kind, value, type_id) in enumerate(made)
    ]


def _phone(draw: Draw, name: str) -> str:
    numbers = (draw.number(f"{name} a", 900) + 100, draw.number(f"{name} b", 100), draw.number(f"{name} c", 100))
    return draw.pick(name, words.PHONES).format(*numbers)
