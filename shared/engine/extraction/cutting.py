"""Opening an entity for extraction: bounds, ranges, and their first pages in the ledger."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from shared.engine.archive.again import Again
from shared.engine.archive.cursors import stowed
from shared.engine.archive.extracted import ExtractedRows, RowCache, unread
from shared.engine.job import Jobs, Pace
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict, PortageError
from shared.model.json import JsonObject
from shared.model.ledger import EntityRow, PageKey, PageRow, Stage
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores


@dataclass(slots=True)
class Cutter:
    """Cuts entities into ranges."""

    jobs: Jobs
    stores: Stores
    stopping: Stopping
    pace: Pace
    rows: RowCache
    guard: SourceGuard

    async def open(self, run_id: str, epoch: int, entity: str) -> bool:
        """Cut one entity; False when that did not work now: the next tick asks again, or the entity is stopped.

        The cut is decided once, by one conditional write that names its blob. Whoever comes after a break-off puts the
        very same ranges into the ledger: another cut would leave gaps between the two.
        """
        run = await self.stores.runs.get(run_id)
        row = (await self.stores.ledger.entities(run_id)).get(entity, EntityRow(run_id, entity))
        if run is None or not run.state.works or run.epoch != epoch or row.ranges is not None:
            return row.ranges is not None
        try:
            if row.cut is None or row.recut:
                row = await self._decide(run, row)
        except PortageError as error:
            await self.stopping.absorb(run, entity, error)
            return False
        except Conflict:
            return False  # somebody else writes this row: the next tick looks again
        cursors = orjson.loads(await self.stores.archive.get(row.cut or ""))
        keys = [PageKey(run_id, entity, number, Stage.EXTRACT, 0) for number in range(len(cursors))]
        pages = [
            PageRow(key, cursor=await stowed(self.stores.archive, key, cursor), earlier=_attempts_before(cursor))
            for key, cursor in zip(keys, cursors, strict=True)
        ]
        await self.stores.ledger.insert(pages)
        try:
            await self.stores.ledger.put_entity(replace(row, ranges=len(pages)))
        except Conflict:
            return False
        return True

    async def _decide(self, run: Run, row: EntityRow) -> EntityRow:
        job = self.jobs.of(run.plan)
        entity = job.plan.entity(row.entity)
        extracted = ExtractedRows(run, self.stores, self.rows)
        await self.guard.check(run, job)
        with recording() as calls:
            try:
                cut = await job.source.cut(row.entity, self.pace.ranges, extracted)
            except PortageError:
                await self.stores.ledger.put_entity(replace(row, calls=merged(row.calls, calls)))
                raise
        known = orjson.loads(await self.stores.archive.get(row.cut)) if row.cut else []
        further = _to_new_pages(cut.cursors, known)
        blob = f"cuts/{run.run_id}/{row.entity}-{uuid.uuid4().hex[:8]}.json"
        await self.stores.archive.put(blob, orjson.dumps([*known, *further] if row.cut else cut.cursors))
        decided = replace(
            row,
            cut=blob,
            recut=False,
            expected=cut.expected,
            since=run.reads_since.get(row.entity),
            incomplete=await unread(self.stores, run.run_id, (*entity.extract_after, *entity.also_after)),
            calls=merged(row.calls, calls),
        )
        return await self.stores.ledger.put_entity(decided)


def _attempts_before(cursor: JsonObject) -> int:
    wanted = Again.load(cursor)
    return wanted.attempts if wanted else 0


def _to_new_pages(cursors: Sequence[JsonObject], known: Sequence[JsonObject]) -> list[JsonObject]:
    """Those of ``cursors`` that lead along pages of rows which nothing ``known`` leads along."""
    followed = {page for cursor in known for page in _followed(cursor)}
    return [cursor for cursor in cursors if _followed(cursor) - followed]


def _followed(cursor: JsonObject) -> set[str]:
    return {value for value in cursor.values() if isinstance(value, str) and value.startswith("rows/")}
