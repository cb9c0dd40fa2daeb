"""Cursors of entities that follow their parents: one range for each page of parents."""

from shared.model.records import Cut, SourceRecord
from shared.ports.systems import Extracted


async def ranges_by_parents(extracted: Extracted, entity: str) -> Cut:
    """A range for each page of ``entity``; its cursor names the page."""
    return Cut(tuple({"page": page} for page in await extracted.pages(entity)))


async def all_rows(extracted: Extracted, entity: str) -> list[SourceRecord]:
    """Every record of a small entity."""
    return [record for page in await extracted.pages(entity) for record in await extracted.rows(page)]
