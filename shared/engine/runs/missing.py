"""Opening the search for what the source has no more, and the deletion of it, once everything else is in.

There are these steps, each of them a part of the stage ``DELETE``: it is found; it leaves the id map, unless there is
too much of it; what refers to it is made again without it; it is deleted at the target; and what the target refused,
since others that go as well referred to it, is deleted when those are gone.

What refers to records that a delta brought for the first time is made again, too: it may not have changed itself. It is
looked for anew when a requeued one came late. All that a delta does not read of an entity is made again, once, where
the mapping is another one than when it was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from shared.engine.job import Job
from shared.engine.runs.progress import EntityProgress
from shared.model.json import JsonObject
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.run import Run
from shared.ports.stores import Ledger


class Part(IntEnum):
    """The steps."""

    FIND = 0
    TAKE_OUT = 1
    LOOSEN = 2
    DELETE = 3
    LAST = 4


@dataclass(frozen=True, slots=True)
class LookingForMissing:
    """Puts rows of the stage ``DELETE`` into the ledger, an entity after the other where they depend on each other.

    Entities of which not everything was read are left alone: what is missing there may be there.
    """

    ledger: Ledger

    async def open(self, run: Run, job: Job, progress: Sequence[EntityProgress]) -> bool:
        """Open what is next in a run whose work is settled; False when there is none, and nothing is to be done.

        Rows that are opened go into ``progress`` too.
        """
        if not (run.mode.writes and run.repeats):
            return False
        chosen = [one for one in progress if _is_compared(job, one)]
        if await self._search(run, job, chosen):
            return True
        chosen = [one for one in chosen if not any(row.state is PageState.DEAD for row in one.steps(Part.FIND))]
        leaving = [one for one in chosen if one.no_longer.gone and run.options.apply_deletes]
        created = sum(one.counts.created + one.again.created for one in progress)
        unread = [one for one in chosen if one.name in run.remade or (created and one.name in run.reads_since)]
        for part, entities in ((Part.TAKE_OUT, leaving), (Part.LOOSEN, chosen if leaving else unread)):
            for entity in entities:
                if part is Part.LOOSEN:
                    await self._loosen(run, entity, created)
                else:
                    await self._open(run, entity, part)
            if not all(_is_over(one, part) for one in entities):
                return True
        if any(row.state is PageState.PENDING for one in chosen for row in one.patches):
            return True  # opened by the last step, and not seen yet by this tick
        return await self._delete(run, leaving, Part.DELETE) or await self._delete(
            run, [one for one in leaving if any(row.counts.deferred for row in one.steps(Part.DELETE))], Part.LAST
        )

    async def _search(self, run: Run, job: Job, chosen: Sequence[EntityProgress]) -> bool:
        """Records that go with others are looked at after those."""
        by_name = {one.name: one for one in chosen}
        for entity in chosen:
            owner = job.plan.entity(entity.name).goes_with
            others = by_name.get(owner.entity) if owner is not None else None
            if others is None or _is_over(others, Part.FIND):
                await self._open(run, entity, Part.FIND)
        return not all(_is_over(one, Part.FIND) for one in chosen)

    async def _delete(self, run: Run, chosen: Sequence[EntityProgress], part: Part) -> bool:
        """In the reverse of the import order, one entity at a time: what refers goes before what is referred to."""
        for entity in reversed(chosen):
            await self._open(run, entity, part)
            if not _is_over(entity, part):
                return True
        return False

    async def _open(self, run: Run, entity: EntityProgress, part: Part) -> None:
        if entity.steps(part):
            return
        await self._insert(run, entity, part, 0, {"after": ""} if part is Part.FIND else {})

    async def _loosen(self, run: Run, entity: EntityProgress, created: int) -> None:
        """Anew when more was ``created`` since, as what a person requeued; ``all`` is made again but once."""
        rows = entity.steps(Part.LOOSEN)
        told = any(row.state is PageState.PENDING or (row.cursor or {}).get("of") == created for row in rows)
        if told or (rows and entity.name not in run.reads_since):
            return
        seq = max((row.key.seq + 1 for row in rows), default=0)
        await self._insert(run, entity, Part.LOOSEN, seq, {"after": "", "of": created, "all": not rows})

    async def _insert(self, run: Run, entity: EntityProgress, part: Part, seq: int, cursor: JsonObject) -> None:
        row = PageRow(PageKey(run.run_id, entity.name, part, Stage.DELETE, seq, part), cursor=cursor)
        await self.ledger.insert([row])
        entity.missing.append(row)


def _is_compared(job: Job, entity: EntityProgress) -> bool:
    return not job.plan.entity(entity.name).archive_only and entity.safely_in and job.target.deletes(entity.name)


def _is_over(entity: EntityProgress, part: Part) -> bool:
    rows = entity.steps(part)
    return bool(rows) and all(row.state is not PageState.PENDING for row in rows)
