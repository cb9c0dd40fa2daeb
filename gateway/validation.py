"""Checks one item's ``data`` against its entity: shapes first, references by the caller's look-up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.entities import Entity, Field, Kind

_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_MONEY = re.compile(r"^-?\d+(\.\d+)?$")


class Invalid(Exception):
    """A field does not keep the contract."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Link:
    """A reference found in an item. ``path`` is where."""

    path: str
    entity: str
    target_id: str


def validate(entity: Entity, data: dict[str, Any], *, strict: bool, max_text: int) -> int:
    """Raises Invalid. Answers how many fields the entity does not have (0 when ``strict``: they are invalid then)."""
    unknown = data.keys() - entity.fields.keys()
    if unknown and strict:
        raise Invalid(min(unknown), f"{entity.name} has no such field")
    for name, field in entity.fields.items():
        _check(name, field, data.get(name), max_text)
    return len(unknown)


def links(entity: Entity, data: dict[str, Any]) -> Iterator[Link]:
    """Every reference of a valid item."""
    for name, field in entity.fields.items():
        yield from _links(name, field, data.get(name), data)


def _check(path: str, field: Field, value: Any, max_text: int) -> None:
    if value is None:
        if field.required:
            raise Invalid(path, f"{path} is required")
        return
    if not field.many:
        _check_one(path, field, value, max_text)
        return
    if not isinstance(value, list):
        raise Invalid(path, f"{path} must be a list")
    for number, item in enumerate(value):
        if item is None:
            raise Invalid(path, f"{path} must not hold null")
        _check_one(f"{path}[{number}]", field, item, max_text)


def _check_one(path: str, field: Field, value: Any, max_text: int) -> None:
    if field.kind is Kind.OBJECT:
        if not isinstance(value, dict):
            raise Invalid(path, f"{path} must be an object")
        for name, inner in field.fields.items():
            _check(f"{path}.{name}", inner, value.get(name), max_text)
        return
    if reason := _complaint(field, value, max_text):
        raise Invalid(path, f"{path} {reason}")


def _complaint(field: Field, value: Any, max_text: int) -> str | None:  # noqa: PLR0911  # one answer for each kind
    match field.kind:
        case Kind.ANY:
            return None
        case Kind.FLAG:
            return None if isinstance(value, bool) else "must be true or false"
        case Kind.NUMBER:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return None if number else "must be a number"
    if not isinstance(value, str):
        return "must be text"
    if value == "":
        return 'must be null instead of ""'
    if len(value) > max_text:
        return f"has {len(value)} characters; {max_text} are allowed"
    if field.choices and value not in field.choices:
        return f"must be one of {', '.join(field.choices)}"
    return _complaint_of_text(field.kind, value)


def _complaint_of_text(kind: Kind, value: str) -> str | None:
    try:
        if kind is Kind.INSTANT:
            if not _INSTANT.match(value):
                return "must be a UTC instant with Z"
            datetime.fromisoformat(value)
        elif kind is Kind.DATE:
            if not _DATE.match(value):
                return "must be a date YYYY-MM-DD"
            date.fromisoformat(value)
        elif kind is Kind.MONEY and not _MONEY.match(value):
            return "must be a decimal number as text"
    except ValueError:
        return "is not in the calendar"
    return None


def _links(path: str, field: Field, value: Any, around: dict[str, Any]) -> Iterator[Link]:
    if value is None:
        return
    if field.many:
        for number, item in enumerate(value):
            yield from _links_of_one(f"{path}[{number}]", field, item, around)
    else:
        yield from _links_of_one(path, field, value, around)


def _links_of_one(path: str, field: Field, value: Any, around: dict[str, Any]) -> Iterator[Link]:
    if field.kind is Kind.OBJECT:
        for name, inner in field.fields.items():
            yield from _links(f"{path}.{name}", inner, value.get(name), value)
    elif field.refers_to:
        yield Link(path, field.refers_to, value)
    elif field.refers_by:
        yield Link(path, str(around.get(field.refers_by)), value)
