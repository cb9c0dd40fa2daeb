"""Tombstones: records that went in and are no longer at the source."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.model.idmap import IdMapEntry


class Fate(StrEnum):
    """What became at the target of a record that is no longer at the source."""

    THERE = "there"  # nobody asked for it to be deleted
    LEAVING = "leaving"  # a run has taken it out of the id map, and is about to delete it
    HELD = "held"  # there are suspiciously many of them
    KEPT = "kept"  # the target refuses to delete it
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that run ``found_by`` missed at the source at ``found_at``, and ``seen_by`` was the last run to miss.

    ``entry`` is what the id map has of it, or had when it was deleted at the target. ``parent`` is the entity of the
    record that it went with, if it was not missed by itself. ``reason`` says why the target keeps it.
    """

    entry: IdMapEntry
    found_by: str
    found_at: datetime
    seen_by: str
    fate: Fate = Fate.THERE
    parent: str | None = None
    reason: str | None = None

    @property
    def source_id(self) -> str:
        """The record's."""
        return self.entry.source_id
