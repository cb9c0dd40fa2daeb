"""What earlier entities told, gathered once in a process for all pages of the entity that follows them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.model.records import SourceRecord
from shared.ports.systems import Extracted

Found = TypeVar("Found")

_MOST_KEPT = 2
"""Generations: a full run and a dry one may read side by side."""


@dataclass(slots=True)
class Gathered(Generic[Found]):
    """``add`` puts what it needs of one record of ``entity`` into what ``empty`` makes; the records are not kept.

    It is given that, the record, and the page that the record is on. With ``earlier``, what earlier runs read comes
    first where this one reads only what changed; without ``now``, that is all.
    """

    entity: str
    empty: Callable[[], Found]
    add: Callable[[Found, SourceRecord, str], None]
    earlier: bool = False
    now: bool = True
    _kept: dict[str, Found] = field(default_factory=dict)
    _gathering: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, extracted: Extracted) -> Found:
        """What all pages of the entity tell; gathered once for each generation of a run, when the entity is over."""
        async with self._gathering:
            kept = self._kept.pop(extracted.generation, None)
            found = await self._gathered(extracted) if kept is None else kept
            self._kept[extracted.generation] = found
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return found

    async def _gathered(self, extracted: Extracted) -> Found:
        found = self.empty()
        before = self.earlier and extracted.since(self.entity) is not None
        pages = list(await extracted.earlier(self.entity)) if before else []
        for page in [*pages, *(await extracted.pages(self.entity) if self.now else ())]:
            for record in await extracted.rows(page):
                self.add(found, record, page)
        return found
