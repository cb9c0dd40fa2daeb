"""Finding what is no longer at the source: the id map is walked through, and held against what there is.

Where a run has read an entity whole, that is what it read; else the source is asked for the ids that are known. What is
missing there is asked for once more, one by one, and only what is gone for certain gets a tombstone.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.engine.archive.extracted import ExtractedRows, RowCache
from shared.engine.clock import Clock
from shared.engine.deletions.belonging import Families
from shared.engine.job import Job
from shared.engine.proof.ids import Gathered, Ids
from shared.model.idmap import IdMapEntry
from shared.model.plan import Owner
from shared.model.run import Run
from shared.model.tombstones import Fate, Tombstone
from shared.ports.stores import Stores

_SECONDS = 15.0
"""When no further part of the id map is looked at in one go."""

_KEPT = 4


@dataclass(slots=True)
class Missing:
    """What one walk found: source ids. ``unseen`` are not shown, but may be there; ``back`` were missed before."""

    compared: int = 0
    gone: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Finder:
    """Walks through the id map, a part at a time."""

    stores: Stores
    rows: RowCache
    clock: Clock
    _families: Families = field(default_factory=Families)
    _read: OrderedDict[tuple[str, str], Ids] = field(default_factory=OrderedDict)

    async def find(self, run: Run, job: Job, entity: str, after: str) -> tuple[Missing, str | None]:
        """What is missing of the entries behind ``after``, and the place where the next walk begins, if any is left.

        Tombstones are written by then; a walk that is repeated writes the same ones.
        """
        found, until, now = Missing(), self.clock.monotonic() + _SECONDS, self.clock.now()
        known = {one.source_id: one for one in await self.stores.tombstones.of(run.plan, entity)}
        owner = job.plan.entity(entity).goes_with
        owners = await self._gone_owners(run, owner)
        extracted = ExtractedRows(run, self.stores, self.rows)
        place: str | None = after
        if not after:
            await self._recover(run, known.values())
        while place is not None and self.clock.monotonic() < until:
            page = await self.stores.idmaps.of(run.plan).scan(entity, place)
            entries = {one.source_id: one for one in page.entries if not one.made_up}
            going: list[IdMapEntry] = []
            if owner is not None:
                mapping = job.mappings[entity]
                going = await self._families.going(owner, mapping, owners, entries.values(), extracted)
            await self._judge(run, job, entity, entries, going, found, known, now)
            place = page.next
        return found, place

    async def _judge(
        self,
        run: Run,
        job: Job,
        entity: str,
        entries: dict[str, IdMapEntry],
        going: Sequence[IdMapEntry],
        found: Missing,
        known: dict[str, Tombstone],
        now: datetime,
    ) -> None:
        with_parents = {one.source_id for one in going}
        alone = [source_id for source_id in entries if source_id not in with_parents]
        missing = await self._missing(run, job, entity, alone)
        sure = await self._sure(run, job, entity, missing)
        gone = [*with_parents, *sure]
        unseen = [one for one in missing if one not in sure]
        back = [one for one in entries if one in known and one not in gone and one not in unseen]
        owner = job.plan.entity(entity).goes_with if going else None
        parent = None if owner is None else owner.entity
        stones = [
            replace(known[one], entry=entries[one], seen_by=run.run_id)
            if one in known and known[one].fate not in (Fate.DELETED, Fate.LEAVING)
            else Tombstone(entries[one], run.run_id, now, run.run_id, parent=parent if one in with_parents else None)
            for one in gone
        ]
        await self.stores.tombstones.write(run.plan, stones)
        await self.stores.tombstones.remove(run.plan, entity, back)
        found.compared += len(entries)
        found.gone += gone
        found.unseen += unseen
        found.back += back

    async def _recover(self, run: Run, stones: Iterable[Tombstone]) -> None:
        """A run that broke off may have left records at the target that the id map does not know any more.

        One that this run has brought again since is known as it is now.
        """
        leaving = [one for one in stones if one.fate is Fate.LEAVING and one.seen_by != run.run_id]
        await self.stores.idmaps.of(run.plan).add([one.entry for one in leaving])

    async def _missing(self, run: Run, job: Job, entity: str, source_ids: Sequence[str]) -> list[str]:
        if not source_ids:
            return []
        if entity not in run.reads_since:
            read = await self._ids(run, entity)
            return [one for one in source_ids if one not in read]
        shown = await job.source.shown(entity, source_ids)
        return [] if shown is None else [one for one in source_ids if one not in shown]

    async def _sure(self, run: Run, job: Job, entity: str, source_ids: Sequence[str]) -> frozenset[str]:
        if not source_ids:
            return frozenset()
        return await job.source.gone(entity, source_ids, ExtractedRows(run, self.stores, self.rows))

    async def _gone_owners(self, run: Run, owner: Owner | None) -> frozenset[str]:
        """Those that this run missed, and those deleted before it that did not come back since."""
        if owner is None:
            return frozenset()
        stones = await self.stores.tombstones.of(run.plan, owner.entity)
        missed = {one.source_id for one in stones if one.seen_by == run.run_id}
        before = {
            one.source_id: one.entry.within
            for one in stones
            if one.fate is Fate.DELETED and one.source_id not in missed
        }
        back = await self.stores.idmaps.of(run.plan).find(owner.entity, before)
        return frozenset(missed | (before.keys() - back.keys()))

    async def _ids(self, run: Run, entity: str) -> Ids:
        """All that the run read of an entity."""
        place = (run.run_id, entity)
        if place not in self._read:
            extracted, gathered = ExtractedRows(run, self.stores, self.rows), Gathered()
            for page in await extracted.pages(entity):
                gathered.add(record.id for record in await extracted.rows(page))
            self._read[place] = gathered.ids()
        self._read.move_to_end(place)
        while len(self._read) > _KEPT:
            self._read.popitem(last=False)
        return self._read[place]
