"""Opening an entity for extraction: bounds, ranges, and their first pages in the ledger."""

from dataclasses import dataclass, replace

from shared.engine.extracted import ExtractedRows, RowCache
from shared.engine.job import Jobs, Pace
from shared.engine.stopping import Stopping
from shared.model.errors import PortageError
from shared.model.ledger import EntityRow, PageKey, PageRow, Stage
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

    async def open(self, run_id: str, epoch: int, entity: str) -> bool:
        """Cut one entity; False when that did not work now: the next tick asks again, or the entity is stopped."""
        run = await self.stores.runs.get(run_id)
        row = (await self.stores.ledger.entities(run_id)).get(entity, EntityRow(run_id, entity))
        if run is None or not run.state.works or run.epoch != epoch or row.ranges is not None:
            return row.ranges is not None
        extracted = ExtractedRows(run, self.stores, self.rows)
        with recording() as calls:
            try:
                cut = await self.jobs.of(run.plan).source.cut(entity, self.pace.ranges, extracted)
            except PortageError as error:
                await self.stores.ledger.put_entity(replace(row, calls=merged(row.calls, calls)))
                await self.stopping.absorb(run, entity, error)
                return False
        pages = [
            PageRow(PageKey(run_id, entity, number, Stage.EXTRACT, 0), cursor=cursor)
            for number, cursor in enumerate(cut.cursors)
        ]
        await self.stores.ledger.insert(pages)
        await self.stores.ledger.put_entity(
            replace(row, ranges=len(pages), expected=cut.expected, calls=merged(row.calls, calls))
        )
        return True
