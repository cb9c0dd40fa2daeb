"""Tables: what differs from one source to another, such as codes and custom fields, kept beside a plan's mappings.

A rule takes its entity's part of a table into its options (``table = "codes"``), so a changed table is a changed rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.model.json import Json


class TableError(ValueError):
    """A table says something that makes no sense; the message names the place and what was expected."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a table says of one entity.

    ``content`` is for the maker, which finds it under ``options["table"]``. ``sources`` are the source fields that it
    maps, ``ignored`` those that stay behind, with the reason.
    """

    content: Json
    sources: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)


Tables = Mapping[str, Mapping[str, Table]]
"""By name of the table and by entity; an entity that a table does not speak of has nothing in it."""

TableReader = Callable[[Mapping[str, Any]], Mapping[str, Table]]
"""Checks and reads a table's document. Raises TableError."""
