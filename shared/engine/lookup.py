"""Resolving references in bulk: whole blocks of the id map, kept in an LRU."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.model.idmap import IdMapEntry, block_of
from shared.ports.stores import IdMap, IdMaps
from shared.transform.references import Lookup, Pending

_KEPT_BLOCKS = 256
"""About 256,000 ids; an entry takes some 200 bytes here."""

_PARALLEL = 8


@dataclass(slots=True)
class BlockCache:
    """Target ids of one plan. A block that lacks an id is read again, once per question: it may have grown."""

    idmap: IdMap
    _blocks: OrderedDict[tuple[str, str], dict[str, str]] = field(default_factory=OrderedDict)

    async def lookup(self, references: Iterable[Pending]) -> Lookup:
        """A function that answers for ``references``; ids the map does not have answer None."""
        wanted: dict[tuple[str, str], set[str]] = {}
        for reference in references:
            place = (reference.entity, block_of(reference.source_id))
            wanted.setdefault(place, set()).add(reference.source_id)
        found = {place: self._blocks[place] for place, ids in wanted.items() if ids <= self._known(place)}
        limit = asyncio.Semaphore(_PARALLEL)
        stale = [place for place in wanted if place not in found]
        found |= dict(await asyncio.gather(*(self._read(place, limit) for place in stale)))
        return lambda entity, source_id: found.get((entity, block_of(source_id)), {}).get(source_id)

    def _known(self, place: tuple[str, str]) -> AbstractSet[str]:
        """Ids of a block that is kept; looking at it keeps it longer."""
        if place in self._blocks:
            self._blocks.move_to_end(place)
        return self._blocks.get(place, {}).keys()

    async def _read(self, place: tuple[str, str], limit: asyncio.Semaphore) -> tuple[tuple[str, str], dict[str, str]]:
        async with limit:
            entries = await self.idmap.block(*place)
        block = {source_id: entry.target_id for source_id, entry in entries.items()}
        self._blocks[place] = block
        self._blocks.move_to_end(place)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return place, block


@dataclass(slots=True)
class References:
    """The block caches of this process, one for each plan."""

    idmaps: IdMaps
    _caches: dict[str, BlockCache] = field(default_factory=dict)

    async def lookup(self, plan: str, references: Iterable[Pending]) -> Lookup:
        """See ``BlockCache.lookup``."""
        cache = self._caches.setdefault(plan, BlockCache(self.idmaps.of(plan)))
        return await cache.lookup(references)


async def read_entries(idmap: IdMap, entity: str, source_ids: Iterable[str]) -> dict[str, IdMapEntry]:
    """What is known of these records now, past any cache."""
    limit = asyncio.Semaphore(_PARALLEL)

    async def one(block: str, ids: set[str]) -> dict[str, IdMapEntry]:
        async with limit:
            entries = await idmap.block(entity, block, ids)
        return {key: entry for key, entry in entries.items() if key in ids}

    wanted: dict[str, set[str]] = defaultdict(set)
    for source_id in source_ids:
        wanted[block_of(source_id)].add(source_id)
    blocks = await asyncio.gather(*(one(block, ids) for block, ids in wanted.items()))
    return {key: entry for block in blocks for key, entry in block.items()}
