"""What earlier entities told, gathered once in a process for all pages of the entity that follows them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.model.records import SourceRecord
from shared.ports.systems import Extracted

Found = TypeVar("Found")


@dataclass(slots=True)
class Gathered(Generic[Found]):
    """``add`` puts what it needs of one record of ``entity`` into what ``empty`` makes; the records are not kept."""

    entity: str
    empty: Callable[[], Found]
    add: Callable[[Found, SourceRecord], None]
    _kept: tuple[tuple[str, ...], Found] | None = None
    _gathering: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, extracted: Extracted) -> Found:
        """What all pages of the entity tell; gathered anew when there are others than before."""
        async with self._gathering:
            pages = await extracted.pages(self.entity)
            if self._kept is None or self._kept[0] != pages:
                found = self.empty()
                for page in pages:
                    for record in await extracted.rows(page):
                        self.add(found, record)
                self._kept = pages, found
            return self._kept[1]
