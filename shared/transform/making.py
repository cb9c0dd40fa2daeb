"""Makers: canonical values that are composed of a whole record, where a step has one value of the source to go by.

A maker returns plain JSON with ``Pending`` and ``Composed`` values in it, or None for nothing. It raises ValueError
with a sentence for the operator when the source makes no sense.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a record's source beside the record.

    ``hosts`` are the host names of the portal, in lower case; ``imported`` are the entities that get target ids.
    ``definitions`` are the source's definitions of custom fields, by their source ids. ``coming`` are the entities that
    this run reads, and ``task_files`` says whether it reads the files of tasks, too.
    """

    hosts: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    definitions: Mapping[str, JsonObject] = field(default_factory=dict)
    coming: frozenset[str] = frozenset()
    task_files: bool = False


@dataclass(frozen=True, slots=True)
class Making:
    """One value to be made. ``sources`` are the rule's ``from``, ``options`` whatever else the rule says."""

    entity: str
    record: SourceRecord
    sources: tuple[str, ...]
    options: JsonObject
    around: Surroundings = field(default_factory=Surroundings)
    flaws: list[str] = field(default_factory=list)
    """Where a maker notes what it had to leave out of a value that is otherwise good."""

    undefined: list[str] = field(default_factory=list)
    """Where it notes the definitions that it looked for in vain: what it made is then less than the source has."""

    parent: str | None = None
    """The source id of the record's parent, where records lie by it in the id map."""

    def value(self) -> Json:
        """The first of the sources that holds anything at all, else None."""
        for name in self.sources:
            found = look_up(self.record.data, name)
            if found is not None:
                return found
        return None


Maker = Callable[[Making], Json]


def look_up(data: JsonObject, path: str) -> Json:
    """``details.chatId`` → ``data["details"]["chatId"]``; None where the path ends. A name with dots goes first."""
    if path in data or "." not in path:
        return data.get(path)
    found: Any = data
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found
