"""Resolving references in bulk: whole blocks of the id map, kept in an LRU; records within parents one by one."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping
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
    """Target ids of one plan. A block that lacks an id is read again, once per question: it may have grown.

    Blocks of records that lie by their parents are large, and few ask for the same ones: they are not kept.
    """

    idmap: IdMap
    _blocks: OrderedDict[tuple[str, str], dict[str, str]] = field(default_factory=OrderedDict)

    async def lookup(self, references: Iterable[Pending]) -> Lookup:
        """A function that answers for ``references``; ids the map does not have answer None."""
        wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
        parted: dict[str, dict[str, str | None]] = defaultdict(dict)
        for one in references:
            if one.within is None:
                wanted[one.entity, block_of(one.source_id)].add(one.source_id)
            else:
                parted[one.entity][one.source_id] = one.within
        found = {place: self._blocks[place] for place, ids in wanted.items() if ids <= self._known(place)}
        limit = asyncio.Semaphore(_PARALLEL)
        stale = [place for place in wanted if place not in found]
        found |= dict(await asyncio.gather(*(self._read(place, limit) for place in stale)))
        targets = {
            (entity, source_id): found[entity, block][source_id]
            for (entity, block), ids in wanted.items()
            for source_id in ids & found[entity, block].keys()
        }
        for entity, places in parted.items():
            entries = await self.idmap.find(entity, places)
            targets |= {(entity, source_id): entry.target_id for source_id, entry in entries.items()}
        return lambda entity, source_id: targets.get((entity, source_id))

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


@dataclass(frozen=True, slots=True)
class Own:
    """The records of a slice, which its worker knows best: nobody else writes them while it is held.

    ``ids`` are theirs; ``known`` is what the id map has of them, kept up by whoever writes there.
    """

    entity: str
    ids: Collection[str]
    known: Mapping[str, IdMapEntry]

    def others(self, references: Iterable[Pending]) -> list[Pending]:
        """Those that have to be looked up."""
        return [one for one in references if one.entity != self.entity or one.source_id not in self.ids]

    def first(self, lookup: Lookup) -> Lookup:
        """``lookup``, but for the slice's own records."""

        def answer(entity: str, source_id: str) -> str | None:
            if entity != self.entity or source_id not in self.ids:
                return lookup(entity, source_id)
            entry = self.known.get(source_id)
            return None if entry is None else entry.target_id

        return answer
