"""Deleting at the target what is no longer at the source, unless it is too much to be believed."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from shared.engine.importing.lookup import References
from shared.engine.job import Job, Pace
from shared.engine.pauses import STUMBLE
from shared.model.ledger import Counts, Stage
from shared.model.records import Receipt
from shared.model.run import Run
from shared.model.tombstones import Fate, Tombstone
from shared.ports.stores import Stores

_AT_ONCE = 100
"""Records of one call."""

_MOST = 2000
"""Records of one row of the ledger."""

BRAKED = "deletes.braked"

MayCall = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on: with what lies behind ``below`` (a source id; None: from the first on).

    ``tried`` counts how often the target stumbled over some of it.
    """

    below: str | None = None
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of some records; where to go on, None at the end, and how many seconds from now."""

    counts: Counts
    rest: Place | None
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Deleter:
    """Works off the tombstones of an entity: they leave the id map first, and the target last."""

    stores: Stores
    references: References
    pace: Pace

    async def take_out(self, run: Run, job: Job, entity: str) -> Counts:
        """Take what is to be deleted out of the id map, so that nothing refers to it any more; or hold it back.

        What leaves already goes again: an attempt before this one may have broken off between the two.
        """
        stones = await self.stores.tombstones.of(run.plan, entity)
        waiting = [one for one in stones if one.seen_by == run.run_id and one.fate is not Fate.DELETED]
        if not waiting:
            return Counts()
        if await self._braked(run, job, entity):
            await self._write(run, waiting, Fate.HELD, BRAKED)
            return Counts(held=len(waiting))
        await self._write(run, waiting, Fate.LEAVING, None)
        await self.references.remove(run.plan, [one.entry for one in waiting])
        return Counts()

    async def delete(self, run: Run, job: Job, entity: str, may_call: MayCall, place: Place, *, last: bool) -> Deleted:
        """Have some of the records deleted that are to be, from ``place`` on.

        What is refused waits for others to go, unless it is the ``last`` time that they are asked for: then it stays.
        What the target stumbles over is asked for again, and stays when that did not help.
        """
        below = place.below
        stones = await self.stores.tombstones.of(run.plan, entity)
        leaving = [one for one in stones if one.fate is Fate.LEAVING and one.seen_by == run.run_id]
        behind = [one for one in leaving if below is None or _place(one.source_id) < _place(below)]
        chosen = sorted(behind, key=lambda one: _place(one.source_id), reverse=True)[:_MOST]
        refused = await self._rounds(run, job, entity, chosen, may_call)
        stumbled = [(one, receipt) for one, receipt in refused if receipt.retryable]
        counts = Counts(deleted=await self._untold(run, entity), transient=len(stumbled))
        if stumbled and place.tried < self.pace.transient_attempts:
            return Deleted(counts, Place(below, place.tried + 1), STUMBLE.after(place.tried))
        kept = refused if last else stumbled
        await self._keep(run, kept)
        counts += Counts(
            kept=len(kept), deferred=len(refused) - len(kept), persistent=len(stumbled) * (place.tried + 1)
        )
        return Deleted(counts, Place(chosen[-1].source_id) if len(chosen) < len(behind) else None)

    async def _braked(self, run: Run, job: Job, entity: str) -> bool:
        """Whether there are too many, or too many of those that the records belong to."""
        known = Counter[str]()
        for row in await self.stores.ledger.scan(run.run_id, stage=Stage.DELETE):
            known[row.key.entity] += row.counts.known
        name: str | None = entity
        while name is not None:
            stones = [one for one in await self.stores.tombstones.of(run.plan, name) if one.fate is not Fate.DELETED]
            if job.plan.brake.holds(len(stones), known[name]):
                return True
            owner = job.plan.entity(name).goes_with
            name = None if owner is None else owner.entity
        return False

    async def _untold(self, run: Run, entity: str) -> int:
        """How many are deleted that no row told of: an attempt that broke off has deleted some as well."""
        stones = await self.stores.tombstones.of(run.plan, entity)
        deleted = sum(one.fate is Fate.DELETED and one.seen_by == run.run_id for one in stones)
        rows = await self.stores.ledger.scan(run.run_id, entity=entity, stage=Stage.DELETE)
        return deleted - sum(row.counts.deleted for row in rows)

    async def _rounds(
        self, run: Run, job: Job, entity: str, chosen: Sequence[Tombstone], may_call: MayCall
    ) -> list[tuple[Tombstone, Receipt]]:
        """Which stay, and why. Who is referred to by another one goes in a later round than that one."""
        waiting, refused = list(chosen), dict[str, Receipt]()
        while waiting:
            refused = {}
            for start in range(0, len(waiting), _AT_ONCE):
                await may_call()
                refused |= await self._call(run, job, entity, waiting[start : start + _AT_ONCE])
            left = [one for one in waiting if one.source_id in refused]
            if len(left) == len(waiting):
                break
            waiting = left
        else:
            return []
        return [(one, refused[one.source_id]) for one in waiting]

    async def _keep(self, run: Run, refused: Sequence[tuple[Tombstone, Receipt]]) -> None:
        await self.references.write(run.plan, [one.entry for one, _ in refused])
        for one, receipt in refused:
            await self._write(run, [one], Fate.KEPT, f"{receipt.code}: {receipt.reason}")

    async def _call(self, run: Run, job: Job, entity: str, some: Sequence[Tombstone]) -> dict[str, Receipt]:
        """One call; what it refused, by source id."""
        batch = f"{run.run_id}-{entity}-delete-{some[0].source_id}"
        receipts = await job.target.delete(entity, run.run_id, batch, [one.entry for one in some])
        failed = {one.source_id: one for one in receipts if one.outcome == "failed"}
        gone = [one for one in some if one.source_id not in failed]
        await self._write(run, gone, Fate.DELETED, None)
        return failed

    async def _write(self, run: Run, stones: Sequence[Tombstone], fate: Fate, reason: str | None) -> None:
        changed = [replace(one, fate=fate, reason=reason, seen_by=run.run_id) for one in stones]
        await self.stores.tombstones.write(run.plan, changed)


def _place(source_id: str) -> tuple[int, str]:
    """By number where they have one: what was made later refers to what was there before."""
    return len(source_id), source_id
