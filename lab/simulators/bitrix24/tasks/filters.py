"""Filters and orders of the task lists."""

from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import listed, mapped
from lab.simulators.bitrix24.lists import Row, Table, meets, split
from lab.simulators.bitrix24.parameters import Tree
from lab.simulators.bitrix24.tasks.fields import DATES, FIELDS

_PREFIXES = ("", "!", "<", "<=", ">", ">=")
_ALIASES = {"REAL_STATUS": "STATUS", "ACCOMPLICE": "ACCOMPLICES", "AUDITOR": "AUDITORS"}
_NUMERIC = frozenset(name for name, field in FIELDS.items() if field["type"] == "integer") | {"STATUS", "PRIORITY"}


def chosen(table: Table, conditions: Tree, *, descending: bool) -> list[Row]:
    """Rows that meet every condition, by id. A field or a prefix that the filter does not know is no condition."""
    by_id, tests = {}, []
    for key, wanted in conditions.items():
        prefix, name = split(key)
        name = _ALIASES.get(name.upper(), name.upper())
        if prefix not in _PREFIXES:
            continue
        if name == "ID" and prefix in ("<", "<=", ">", ">="):
            by_id[prefix + name] = wanted
        elif (test := _test(prefix, name, wanted)) is not None:
            tests.append(test)
    found = table.select(by_id, descending=descending)
    return [row for row in found if all(test(row) for test in tests)] if tests else found


def ordered(rows: list[Row], name: str, *, descending: bool) -> list[Row]:
    """By one field; rows without it come first, equal ones stay by id."""
    field = _ALIASES.get(name, name)
    return sorted(rows, key=lambda row: _place(row, field), reverse=descending)


def _test(prefix: str, name: str, wanted: Any) -> Callable[[Row], bool] | None:
    if name == "TAG":
        names = set(map(str, listed(wanted)))
        return lambda row: _tagged(row, names) != (prefix == "!")
    if name == "ONLY_ROOT_TASKS":
        return (lambda row: row["PARENT_ID"] is None) if str(wanted) == "Y" else None
    if name not in FIELDS:
        return None
    if prefix in ("", "!"):
        return lambda row: meets(row.get(name), prefix, wanted)
    return lambda row: row.get(name) is not None and meets(row[name], prefix, wanted)


def _tagged(row: Row, names: set[str]) -> bool:
    return any(tag["title"] in names for tag in mapped(row["TAGS"]).values())


def _place(row: Row, field: str) -> tuple[float, str]:
    value = row.get(field)
    if field in DATES:
        return (stamps.read(value) or 0, "")
    return (int(value or 0), "") if field in _NUMERIC else (0, str(value or ""))
