"""Resolving references in bulk: whole blocks of the id map, kept in an LRU; records within parents one by one."""

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.model.idmap import IdMapEntry, block_of
from shared.model.ledger import PageKey, Stage
from shared.model.run import Run
from shared.ports.stores import IdMap, IdMaps
from shared.transform.references import Lookup, Pending

_KEPT_BLOCKS = 256
"""About 256,000 ids; an entry takes some 200 bytes here."""

_PARALLEL = 8


@dataclass(slots=True)
class BlockCache:
    """Target ids of one plan. A block that lacks an id is read again, once per question: it may have grown.

    Blocks of records that lie by their parents are large, and few ask for the same ones: they are not kept. Nor is a
    block that was written to while it was read.
    """

    idmap: IdMap
    _blocks: OrderedDict[tuple[str, str], dict[str, str]] = field(default_factory=OrderedDict)
    _written: Counter[tuple[str, str]] = field(default_factory=Counter)

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

    def forget(self, entries: Iterable[IdMapEntry]) -> None:
        """Do without the blocks that these were written to."""
        for place in {(entry.entity, block_of(entry.source_id)) for entry in entries if entry.within is None}:
            self._written[place] += 1
            self._blocks.pop(place, None)

    def _known(self, place: tuple[str, str]) -> AbstractSet[str]:
        """Ids of a block that is kept; looking at it keeps it longer."""
        if place in self._blocks:
            self._blocks.move_to_end(place)
        return self._blocks.get(place, {}).keys()

    async def _read(self, place: tuple[str, str], limit: asyncio.Semaphore) -> tuple[tuple[str, str], dict[str, str]]:
        async with limit:
            before = self._written[place]
            entries = await self.idmap.block(*place)
        block = {source_id: entry.target_id for source_id, entry in entries.items()}
        if self._written[place] != before:
            return place, block
        self._blocks[place] = block
        self._blocks.move_to_end(place)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return place, block


@dataclass(frozen=True, slots=True)
class Moment:
    """When in a run something is looked up. ``early``: for a slice whose turn has not come.

    Patches are made twice: when all is in, and again (``made_again``) when records have gone.
    """

    stage: Stage
    made_again: bool = False
    early: bool = False

    @staticmethod
    def of(key: PageKey, *, early: bool = False) -> "Moment":
        """When the row of ``key`` is worked on."""
        return Moment(key.stage, key.makes_again, early)


@dataclass(slots=True)
class References:
    """The id maps as this process sees them: caches for each plan, which serve one generation of one run.

    Workers write through it, so that nobody here is answered what was true before. Other processes give new ids to
    records that have one, too: to a changed file, to what the target had lost. Each moment begins when all that it
    refers to is in for good, and believes nothing that was read before: it has a cache of its own.
    """

    idmaps: IdMaps
    _generations: dict[str, tuple[str, int]] = field(default_factory=dict)
    _caches: defaultdict[str, dict[Moment, BlockCache]] = field(default_factory=lambda: defaultdict(dict))

    async def lookup(self, run: Run, moment: Moment, references: Iterable[Pending]) -> Lookup:
        """See ``BlockCache.lookup``."""
        if self._generations.get(run.plan) != (generation := (run.run_id, run.epoch)):
            self._generations[run.plan] = generation
            self._caches.pop(run.plan, None)
        caches = self._caches[run.plan]
        if moment not in caches:
            caches[moment] = BlockCache(self.idmaps.of(run.plan))
        return await caches[moment].lookup(references)

    async def write(self, plan: str, entries: Sequence[IdMapEntry]) -> None:
        """Write to the id map, and answer by it from now on. A write that fails may have been made in part."""
        try:
            await self.idmaps.of(plan).write(entries)
        finally:
            self._forget(plan, entries)

    async def add(self, plan: str, entries: Sequence[IdMapEntry]) -> list[IdMapEntry]:
        """Write those that the id map lacks, and answer by it from now on; what it has of all of them then."""
        idmap, places = self.idmaps.of(plan), defaultdict[str, dict[str, str | None]](dict)
        for one in entries:
            places[one.entity][one.source_id] = one.within
        try:
            await idmap.add(entries)
        finally:
            self._forget(plan, entries)
        there = [await idmap.find(entity, records) for entity, records in places.items()]
        return [entry for found in there for entry in found.values()]

    async def remove(self, plan: str, entries: Sequence[IdMapEntry]) -> None:
        """Take entries out of the id map, and answer by it from now on. One that fails may have been done in part."""
        try:
            await self.idmaps.of(plan).remove(entries)
        finally:
            self._forget(plan, entries)

    async def change(self, plan: str, changes: Sequence[tuple[IdMapEntry, IdMapEntry | None]]) -> None:
        """Replace entries, or take them out, unless somebody else wrote them since they were read."""
        try:
            await self.idmaps.of(plan).change(changes)
        finally:
            self._forget(plan, [before for before, _ in changes])

    def _forget(self, plan: str, entries: Sequence[IdMapEntry]) -> None:
        for cache in self._caches[plan].values():
            cache.forget(entries)


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
