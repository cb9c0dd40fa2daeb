"""Cursors of entities that follow their parents: one range for each page of parents."""

from collections.abc import Sequence

from shared.model.json import JsonObject
from shared.model.records import Cut, SourceRecord
from shared.ports.systems import Extracted


async def ranges_by_parents(extracted: Extracted, entity: str) -> Cut:
    """A range for each page of ``entity``; its cursor names the page."""
    return Cut(tuple({"page": page} for page in await extracted.pages(entity)))


async def all_rows(extracted: Extracted, entity: str) -> list[SourceRecord]:
    """Every record of a small entity."""
    return [record for page in await extracted.pages(entity) for record in await extracted.rows(page)]


def chunk(cursor: JsonObject, total: int, size: int) -> tuple[slice, JsonObject | None]:
    """(which of ``total`` parents this read takes, the cursor of the next read or None)."""
    start = int(cursor.get("start", 0))
    end = min(total, start + size)
    return slice(start, end), ({**cursor, "start": end} if end < total else None)


def numbered(ids: Sequence[str]) -> list[str]:
    """The ids that are numbers; the API's own lists hold others too (``chat17``)."""
    return [one for one in ids if one.isdecimal()]
