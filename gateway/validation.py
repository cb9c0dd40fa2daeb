"""Checks one item's ``data`` against its entity, and finds the references in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.entities import Entity
from gateway.fields import Field, Kind

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_EMPTY = 'must be null instead of ""'


class Invalid(Exception):
    """A field does not keep the contract. ``field`` is one of the entity's; the message says where inside it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Link:
    """A reference found in an item: a target id of one of ``entities``. ``path`` is where it stands."""

    path: str
    entities: tuple[str, ...]
    target_id: str

    @property
    def field(self) -> str:
        """The entity's field that holds it."""
        return field_of(self.path)


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks records. ``strict`` makes unknown fields invalid; ``max_text`` is in characters."""

    strict: bool
    max_text: int

    def check(self, entity: Entity, data: dict[str, Any]) -> int:
        """Raises Invalid. Answers how many unknown fields it ignored."""
        return self._fields("", entity.fields, data)

    def _fields(self, path: str, fields: dict[str, Field], value: dict[str, Any]) -> int:
        unknown = value.keys() - fields.keys()
        if unknown and self.strict:
            name = path + min(unknown)[:100]
            raise Invalid(field_of(name), f"{name} is not a field of the contract")
        return len(unknown) + sum(self._field(path + name, field, value.get(name)) for name, field in fields.items())

    def _field(self, path: str, field: Field, value: Any) -> int:
        if value is None:
            if field.required:
                raise Invalid(field_of(path), f"{path} is required")
            return 0
        if not field.many:
            return self._one(path, field, value)
        if not isinstance(value, list):
            raise Invalid(field_of(path), f"{path} must be a list")
        return sum(self._one(f"{path}[{number}]", field, one) for number, one in enumerate(value))

    def _one(self, path: str, field: Field, value: Any) -> int:
        if field.kind is Kind.OBJECT and isinstance(value, dict):
            return self._fields(f"{path}.", field.fields, value)
        if reason := self._complaint(field, value):
            raise Invalid(field_of(path), f"{path} {reason}")
        return 0

    def _complaint(self, field: Field, value: Any) -> str | None:
        match field.kind:
            case Kind.FLAG:
                return None if isinstance(value, bool) else "must be true or false"
            case Kind.NUMBER:
                number = isinstance(value, int | float) and not isinstance(value, bool)
                return None if number else "must be a number"
            case Kind.OBJECT:
                return "must be an object"
            case Kind.CUSTOM | Kind.ANY:
                return self._complaint_of_opaque(field.kind, value)
            case _:
                return self._complaint_of_text(field, value)

    def _complaint_of_opaque(self, kind: Kind, value: Any) -> str | None:
        if kind is Kind.CUSTOM:
            if not isinstance(value, dict):
                return "must be an object"
            if "" in value.values():
                return f"holds a text that {_EMPTY}"
        if any(len(text) > self.max_text for text in _texts(value)):
            return f"holds a text of more than {self.max_text} characters"
        return None

    def _complaint_of_text(self, field: Field, value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be text"
        if value == "":
            return _EMPTY
        if len(value) > self.max_text:
            return f"has {len(value)} characters; {self.max_text} are allowed"
        if field.choices and value not in field.choices:
            return f"must be one of {', '.join(field.choices)}"
        return _complaint_of_format(field.kind, value)


def field_of(path: str) -> str:
    """The entity's field at the beginning of a path: ``members`` of ``members[0].role``."""
    return path.partition(".")[0].partition("[")[0]


def links(entity: Entity, data: dict[str, Any]) -> Iterator[Link]:
    """Every reference of a valid item."""
    return _links("", entity.fields, data)


def _complaint_of_format(kind: Kind, value: str) -> str | None:
    if kind is Kind.EMAIL and (not _EMAIL.fullmatch(value) or value != value.lower()):
        return "must be an e-mail address in lower case"
    if kind is Kind.MONEY and not _MONEY.fullmatch(value):
        return "must be a decimal number as text"
    if kind is Kind.DATE and not _DATE.fullmatch(value):
        return "must be a date YYYY-MM-DD"
    if kind is Kind.INSTANT and not _INSTANT.fullmatch(value):
        return "must be a UTC instant with Z"
    try:
        if kind is Kind.DATE:
            date.fromisoformat(value)
        elif kind is Kind.INSTANT:
            datetime.fromisoformat(value)
    except ValueError:
        return "is not in the calendar"
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _links(path: str, fields: dict[str, Field], value: dict[str, Any]) -> Iterator[Link]:
    for name, field in fields.items():
        if not (field.refers_to or field.refers_by or field.fields) or value.get(name) is None:
            continue
        here = path + name
        many = enumerate(value[name]) if field.many else ((None, value[name]),)
        for number, one in many:
            place = here if number is None else f"{here}[{number}]"
            if field.fields:
                yield from _links(f"{place}.", field.fields, one)
            else:
                yield Link(place, field.refers_to or (value[str(field.refers_by)],), one)
