"""References: links to other records, from source ids to target ids."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shared.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Pending:
    """Stands in a canonical record where a target id will be.

    ``placeholder`` says that a record is made up in the target should the source have none of that id any more. What
    is not ``awaited`` will not get a target id in this run if it has none yet, and is not missing then. ``within`` is
    the source id of its parent, for records that lie by their parents in the id map.
    """

    entity: str
    source_id: str
    required: bool
    placeholder: bool = False
    awaited: bool = True
    within: str | None = None


class Composed(ABC):
    """Stands in a canonical record where a value will be that depends on target ids, such as a text with links."""

    @property
    @abstractmethod
    def references(self) -> tuple[Pending, ...]:
        """What it needs to know; it can go without any of them."""

    @abstractmethod
    def compose(self, lookup: "Lookup") -> Json:
        """The value, with what ``lookup`` finds."""


Lookup = Callable[[str, str], str | None]
"""(entity, source id) → target id, or None when the record has none (yet)."""


@dataclass(slots=True)
class Resolution:
    """A canonical record with target ids in place.

    ``missing`` are references that could not be resolved; ``blocking`` those among them the record cannot go without.
    """

    data: JsonObject
    missing: list[Pending] = field(default_factory=list)
    blocking: list[Pending] = field(default_factory=list)


def pending(value: Json) -> Iterator[Pending]:
    """Every reference inside a canonical value."""
    if isinstance(value, Pending):
        yield value
    elif isinstance(value, Composed):
        yield from value.references
    elif isinstance(value, dict):
        for inner in value.values():
            yield from pending(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pending(inner)


def resolve(data: JsonObject, lookup: Lookup) -> Resolution:
    """Put target ids in. A missing one becomes null; in a list it is left out.

    An object inside the record that requires a missing one is null, or left out of its list.
    """
    resolution = Resolution({})
    resolution.data = {name: _resolve(value, lookup, resolution) for name, value in data.items()}
    return resolution


def _resolve(value: Json, lookup: Lookup, resolution: Resolution) -> Json:
    if value is None or isinstance(value, str):  # most of a record
        return value
    if isinstance(value, Pending):
        target_id = lookup(value.entity, value.source_id)
        if target_id is None and value.awaited:
            resolution.missing.append(value)
            if value.required:
                resolution.blocking.append(value)
        return target_id
    if isinstance(value, Composed):
        awaited = (one for one in value.references if one.awaited)
        resolution.missing += [one for one in awaited if lookup(one.entity, one.source_id) is None]
        return value.compose(lookup)
    if isinstance(value, dict):
        return _resolve_object(value, lookup, resolution)
    if isinstance(value, list):
        return _resolve_list(value, lookup, resolution)
    return value


def _resolve_object(value: JsonObject, lookup: Lookup, resolution: Resolution) -> JsonObject | None:
    inner = Resolution({})
    resolved = {name: _resolve(one, lookup, inner) for name, one in value.items()}
    resolution.missing.extend(inner.missing)
    return None if inner.blocking else resolved


def _resolve_list(values: list[Json], lookup: Lookup, resolution: Resolution) -> list[Json]:
    kept: list[Json] = []
    for value in values:
        inner = Resolution({})
        resolved = _resolve(value, lookup, inner)
        resolution.missing.extend(inner.missing)
        if isinstance(value, Pending):
            if resolved is not None and resolved not in kept:
                kept.append(resolved)
        elif resolved is not None or value is None:
            kept.append(resolved)
    return kept
