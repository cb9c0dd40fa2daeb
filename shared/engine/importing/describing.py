"""What records are transformed by besides themselves: the portal's names and its definitions of custom fields."""

from collections import OrderedDict
from dataclasses import dataclass, field

from shared.engine.archive.extracted import ExtractedRows, RowCache
from shared.engine.job import Job
from shared.model.json import JsonObject
from shared.model.run import Run
from shared.ports.stores import Stores
from shared.transform.making import Surroundings

_KEPT = 64


@dataclass(slots=True)
class Descriptions:
    """``Surroundings`` by run, its generation, and entity.

    What ``described_by`` of the plan names is read before an import opens, unless it is stopped: then a later
    generation may know more.
    """

    stores: Stores
    rows: RowCache
    _kept: OrderedDict[tuple[str, int, str], Surroundings] = field(default_factory=OrderedDict)

    async def of(self, run: Run, job: Job, entity: str) -> Surroundings:
        """For the records of one entity; kept for the slices that follow."""
        place = (run.run_id, run.epoch, entity)
        if place not in self._kept:
            self._kept[place] = await self._read(run, job, entity)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[place]

    async def _read(self, run: Run, job: Job, entity: str) -> Surroundings:
        imported = frozenset(one.name for one in job.plan.entities if not one.archive_only)
        host = (await job.source.identity()).partition(":")[0]
        extracted = ExtractedRows(run, self.stores, self.rows)
        definitions: dict[str, JsonObject] = {}
        for name in job.plan.entity(entity).described_by:
            for page in await extracted.pages(name):
                definitions |= {row.id: row.data for row in await extracted.rows(page)}
        coming = frozenset(run.entities)
        return Surroundings(frozenset({host}), imported, definitions, coming, run.options.task_files)
