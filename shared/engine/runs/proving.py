"""Opening a run's proof: first what the target lists, then every slice read back, then what should not be there.

A row of the proof is about the work as it stood when it was opened. Dead letters that are sent again make it stale:
then it is opened again.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.engine.job import Job
from shared.engine.runs.progress import EntityProgress
from shared.model.errors import Conflict
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.run import Run, RunMode
from shared.ports.stores import Ledger
from shared.transform.files import FILES

WHOLE = (RunMode.FULL, RunMode.VALIDATE)
"""Modes in which a run reads all there is: what the target has besides is known then."""


@dataclass(frozen=True, slots=True)
class Proving:
    """Puts the rows of a proof into the ledger, a phase at a time."""

    ledger: Ledger

    async def open(self, run: Run, job: Job, progress: Iterable[EntityProgress]) -> bool:
        """Open the next phase of a run whose work is settled; False when there is none, and nothing is to be done.

        Rows that are opened go into ``progress`` too.
        """
        if run.mode is RunMode.DRY_RUN:
            return False
        entities = [one for one in progress if not one.blocked and not job.plan.entity(one.name).archive_only]
        lists = [_listing(run, one) for one in entities if _is_listed(run, one) and not one.listings]
        if lists or any(_pending(one.listings) for one in entities):
            return await self._insert(entities, lists) or True
        opened = False
        for entity in entities:
            opened |= await self._verify(run, entity, sum(one.generation for one in entities))
        if opened or any(_pending(one.verifications) for one in entities):
            return True
        strays = [_strays(run, one) for one in entities if run.mode in WHOLE and not one.strays]
        return await self._insert(entities, strays) or any(_pending(one.strays) for one in entities)

    async def _insert(self, entities: list[EntityProgress], rows: list[PageRow]) -> bool:
        await self.ledger.insert(rows)
        by_name = {one.name: one for one in entities}
        for row in rows:
            by_name[row.key.entity].compared.append(row)
        return bool(rows)

    async def _verify(self, run: Run, entity: EntityProgress, state: int) -> bool:
        """Rows for slices that have none, and anew those that tell of an earlier state of the entity."""
        known = {row.key: row for row in entity.verified}
        wanted = _verifications(entity, state)
        new = [row for row in wanted if row.key not in known]
        stale = [
            replace(row, etag=known[row.key].etag, calls=known[row.key].calls)
            for row in wanted
            if row.key in known and (known[row.key].cursor or {})["of"] != entity.generation
        ]
        await self.ledger.insert(new)
        for row in stale:
            try:
                new.append(await self.ledger.update(row))
            except Conflict:
                continue  # the next tick looks again
        entity.verified = [*(row for key, row in known.items() if key not in {one.key for one in new}), *new]
        return bool(new or stale)


def is_through(run: Run, entity: EntityProgress) -> bool:
    """Whether all that the proof has to look at of an entity was looked at, or given up."""
    whole = run.mode not in WHOLE or (entity.listings and entity.strays)
    opened = {row.key for row in entity.verifications}
    return bool(whole) and not _pending(entity.proof) and all(_place(first) in opened for first, _ in _slices(entity))


def _is_listed(run: Run, entity: EntityProgress) -> bool:
    """A delta proves its own slices; files cannot be read but by their list."""
    return run.mode in WHOLE or (entity.name == FILES and bool(entity.slices))


def _listing(run: Run, entity: EntityProgress) -> PageRow:
    key = PageKey(run.run_id, entity.name, entity.generation, Stage.COMPARE, 0)
    return PageRow(key, cursor={"after": ""})


def _strays(run: Run, entity: EntityProgress) -> PageRow:
    """``whole``: nothing of the source is missing in this run, so that what else the target has is too much."""
    whole = not entity.row.incomplete and all(row.state is PageState.DONE for row in entity.pages)
    key = PageKey(run.run_id, entity.name, entity.generation, Stage.COMPARE, 0, part=1)
    return PageRow(key, cursor={"whole": whole})


def _verifications(entity: EntityProgress, state: int) -> list[PageRow]:
    """A row for each slice; ``told`` are the receipts of all that was done about its records.

    ``given_up``: some of it was given up whole, without receipts. ``state`` is that of all entities' work.
    """
    found, generation = [], entity.generation
    for first, some in _slices(entity):
        done = [row for row in some if row.state is PageState.DONE]
        lines = first.cursor or {}
        cursor = {
            "start": lines["start"],
            "count": lines["count"],
            "told": [row.receipts for row in done if row.receipts],
            "given_up": len(done) < len(some),
            "of": generation,
            "state": state,
        }
        found.append(PageRow(_place(first), cursor=cursor, blob=first.blob, raw_blob=first.raw_blob))
    return found


def _slices(entity: EntityProgress) -> list[tuple[PageRow, list[PageRow]]]:
    """Each slice as it was first imported, with all that was done about its records.

    Without records of an earlier run that were made again, since what they refer to was deleted.
    """
    rows = defaultdict(list)
    for row in (*entity.slices, *entity.patches):
        rows[row.blob, (row.cursor or {})["start"]].append(row)
    firsts = ((next((row for row in some if row.key.stage is Stage.IMPORT), None), some) for some in rows.values())
    return [(first, some) for first, some in firsts if first is not None]


def _place(slice_: PageRow) -> PageKey:
    """The row that proves a slice."""
    return replace(slice_.key, stage=Stage.VERIFY)


def _pending(rows: Iterable[PageRow]) -> bool:
    return any(row.state is PageState.PENDING for row in rows)
