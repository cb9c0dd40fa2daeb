"""What a field of a record may hold."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Types of a field's value."""

    TEXT = "text"
    EMAIL = "email"
    FLAG = "flag"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"
    OBJECT = "object"
    CUSTOM = "custom"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One field; ``many`` makes it a list.

    ``refers_to`` are the entities (or ``media``) one of which the value must be a target id of. ``refers_by`` names the
    sibling field that says which entity that is. ``choices`` are the only texts allowed, ``fields`` describe an object.
    """

    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    refers_to: tuple[str, ...] = ()
    refers_by: str | None = None
    choices: tuple[str, ...] = ()
    fields: dict[str, "Field"] = field(default_factory=dict)


def text(*, required: bool = False) -> Field:
    """A text."""
    return Field(required=required)


def ref(*entities: str, required: bool = False) -> Field:
    """A target id of one of ``entities``."""
    return Field(refers_to=entities, required=required)


def refs(entity: str) -> Field:
    """A list of target ids."""
    return Field(refers_to=(entity,), many=True)


def choice(*choices: str, required: bool = False) -> Field:
    """One of a few texts."""
    return Field(choices=choices, required=required)


def instant(*, required: bool = False) -> Field:
    """A moment, in UTC."""
    return Field(Kind.INSTANT, required=required)


def objects(**fields: Field) -> Field:
    """A list of objects of one form."""
    return Field(Kind.OBJECT, many=True, fields=fields)


def link(*entities: str) -> dict[str, Field]:
    """The fields of an object that says of which entity its ``id`` is."""
    return {"entity": choice(*entities, required=True), "id": Field(required=True, refers_by="entity")}


FLAG = Field(Kind.FLAG)
NUMBER = Field(Kind.NUMBER)
MONEY = Field(Kind.MONEY)
DATE = Field(Kind.DATE)
CUSTOM = Field(Kind.CUSTOM)
ANY = Field(Kind.ANY)
TAGS = Field(many=True)
