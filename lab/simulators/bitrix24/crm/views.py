"""One record, seen by two families: ``crm.item.*`` and ``crm.deal.*`` with its like (API facts §4.7, §4.8, §9.1)."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lab.simulators.bitrix24.crm.custom import camel
from lab.simulators.bitrix24.crm.dates import midnight, moment
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field
from lab.simulators.bitrix24.crm.records import Records, value
from lab.simulators.bitrix24.lists import Row

PORTAL = "https://portal.example.com"
_FILE_LIVES_SECONDS = 3600


Render = Callable[[Records, Draw, Any], Any]
Columns = list[tuple[str, Field, Render | None]]
"""Fields of the universal family, the names they are to have, and what makes their values presentable."""


def columns(fields: Iterable[Field], *, original: bool) -> Columns:
    """``original``: custom fields under their own names, else as ``ufCrm…``."""
    return [
        (camel(field.name) if field.custom is not None and not original else field.name, field, _render(field))
        for field in fields
        if not field.only_classic
    ]


def universal_row(records: Records, draw: Draw, shown: Columns) -> Row:
    """As the universal family answers it."""
    row: Row = {}
    for name, field, render in shown:
        raw = value(field, draw)
        row[name] = raw if render is None or raw is None else render(records, draw, raw)
    return row


def whole(records: Records) -> Iterator[Row]:
    """All listed ones, as ``crm.item.list`` answers to ``select: ["*"]`` and ``useOriginalUfNames: "Y"``: the truth."""
    shown = columns(records.fields, original=True)
    for draw in records.draws():
        yield {**universal_row(records, draw, shown), "entityTypeId": records.type_id}


def _render(field: Field) -> Render | None:
    if field.kind == "file" and field.multiple:
        return lambda records, draw, raw: [_link(records, draw, one) for one in raw]
    return _UNIVERSAL.get(field.kind)


def _link(records: Records, draw: Draw, number: int) -> Row:
    """Signed for an hour: another time it is asked for, it is another URL (API facts §4.9)."""
    expires = int(time.time()) + _FILE_LIVES_SECONDS
    signature = hashlib.sha256(f"{records.type_id}/{draw.id}/{number}/{expires}".encode()).hexdigest()[:32]
    token = f"crm%7C{number}%7C{expires}%7C{signature}"
    shown = f"{PORTAL}/crm/file.php?entityTypeId={records.type_id}&id={draw.id}&fileId={number}"
    return {"id": number, "url": shown, "urlMachine": f"{PORTAL}/rest/download.json?token={token}"}


def _number(_records: Records, _draw: Draw, raw: float) -> float:
    return int(raw) if raw == int(raw) else raw  # PHP prints a float without decimals as an integer


_UNIVERSAL: dict[str, Render] = {
    "boolean": lambda _records, _draw, raw: "Y" if raw else "N",
    "datetime": lambda _records, _draw, raw: moment(raw),
    "date": lambda _records, _draw, raw: midnight(raw),
    "double": _number,
    "file": _link,
}


def classic_row(records: Records, draw: Draw, fields: Iterable[Field]) -> Row:
    """The fields that the classic family has; a phone or e-mail that is not there, has no key either."""
    row: Row = {}
    for field in fields:
        if not field.classic or field.unanswered:
            continue
        raw = value(field, draw)
        if field.kind != "crm_multifield":
            row[field.classic] = _classic(records, draw, field, raw)
        elif raw:
            row[field.classic] = raw
    return row


def _classic(records: Records, draw: Draw, field: Field, raw: Any) -> Any:
    if field.custom is not None and field.kind != "boolean" and raw in (None, []):
        return _none(draw, multiple=field.multiple)
    if field.multiple:
        return [_one_classic(records, draw, field, one) for one in raw]
    return _one_classic(records, draw, field, raw)


def _one_classic(records: Records, draw: Draw, field: Field, raw: Any) -> Any:
    if raw is None:
        return "" if field.kind in ("date", "datetime") else None
    if field.kind == "file":
        at = f"/bitrix/components/bitrix/crm.show/show_file.php?ownerId={draw.id}&fieldName={field.classic}"
        place = f"{at}&type={records.type_id}&fileId={raw}"
        return {"id": raw, "showUrl": place, "downloadUrl": f"{place}&download=1"}
    if field.classic == "REVENUE":
        return str(int(raw))
    return (_CUSTOM if field.custom is not None else _CLASSIC).get(field.kind, str)(raw)


_CLASSIC: dict[str, Callable[[Any], str]] = {
    "boolean": lambda raw: "Y" if raw else "N",
    "datetime": moment,
    "date": midnight,
    "double": lambda raw: f"{raw:.2f}",
}
_CUSTOM: dict[str, Callable[[Any], str]] = {
    "boolean": lambda raw: "1" if raw else "0",
    "datetime": moment,
    "date": midnight,
}


def _none(draw: Draw, *, multiple: bool) -> Any:
    """An empty custom field: by turns everything that PHP takes for nothing."""
    return (False, [])[draw.id % 2] if multiple else ("", None, False)[draw.id % 3]
