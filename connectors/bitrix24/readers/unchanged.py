"""Records that earlier runs read and this one did not, for entities that follow them all the same."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.model.records import SourceRecord
from shared.ports.systems import Extracted

_MOST_KEPT = 2
"""Generations."""

_NOBODY: Mapping[str, frozenset[str]] = {}


@dataclass(slots=True)
class Unchanged:
    """By earlier page of ``entity``: ids of those of its records that no later page holds, nor this run.

    What is known to be gone is not among them. They are gathered once in a process for each generation of a run.
    """

    entity: str
    _kept: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    _gathering: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, extracted: Extracted) -> Mapping[str, frozenset[str]]:
        """Nothing when the run reads the entity whole."""
        if extracted.since(self.entity) is None:
            return _NOBODY
        async with self._gathering:
            found = self._kept.pop(extracted.generation, None)
            self._kept[extracted.generation] = await self._gathered(extracted) if found is None else found
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return self._kept[extracted.generation]

    async def _gathered(self, extracted: Extracted) -> Mapping[str, frozenset[str]]:
        places: dict[str, str] = {}
        earlier = await extracted.earlier(self.entity)
        for page in (*earlier, *await extracted.pages(self.entity)):
            places |= {record.id: page for record in await extracted.rows(page)}
        pages: dict[str, set[str]] = {page: set() for page in earlier}
        gone = await extracted.gone(self.entity)
        for source_id, page in places.items():
            if page in pages and source_id not in gone:
                pages[page].add(source_id)
        return {page: frozenset(ids) for page, ids in pages.items() if ids}

    async def rows(self, extracted: Extracted, page: str) -> list[SourceRecord]:
        """Those of one page."""
        ids = (await self.of(extracted)).get(page, frozenset())
        return [record for record in await extracted.rows(page) if record.id in ids]
