"""What of a slice has to be transformed at all, and what a slice that nobody can do has left behind."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import Moment, Own, References
from shared.engine.importing.origins import Origins, links_of
from shared.engine.importing.outcome import Outcome
from shared.engine.importing.overtaking import overtaken
from shared.engine.importing.results import Results
from shared.engine.importing.slices import Before, records_of, told_before
from shared.engine.job import Job, Jobs
from shared.model.errors import RetryLater, SlowDown
from shared.model.ledger import PageRow
from shared.model.records import SourceRecord
from shared.model.run import Run
from shared.ports.stores import Stores

_LOG = logging.getLogger("portage.judging")


@dataclass(frozen=True, slots=True)
class Judging:
    """Holds the records of a slice against what is known of them."""

    jobs: Jobs
    stores: Stores
    references: References
    descriptions: Descriptions
    clock: Clock

    async def begin(
        self, run: Run, job: Job, row: PageRow, loaded: Sequence[SourceRecord], before: Before | None
    ) -> tuple[Outcome, list[SourceRecord]]:
        """An outcome that knows what the id map has of the slice's records; and those that do not stay behind.

        Of what a later run has written, the target has a newer version: that counts as skipped.
        """
        results = Results(row) if before is None else before.results(row)
        outcome = Outcome(run, self.clock.now(), results, job.plan.volatile)
        records = outcome.begin(job.mappings[row.key.entity], loaded)
        outcome.known = await self.stores.idmaps.of(run.plan).find(row.key.entity, outcome.places)
        newer = await overtaken(self.stores.runs, run, outcome.known.values())
        results.skipped |= newer
        return outcome, [record for record in records if record.id not in newer]

    async def changed(
        self, run: Run, job: Job, records: list[SourceRecord], outcome: Outcome, *, early: bool
    ) -> list[SourceRecord]:
        """Records that have to be transformed to be known; the others are as the target has them.

        ``early`` counts those in that link to something which may still arrive before their turn.
        """
        key = outcome.results.row.key
        entity, moment = key.entity, Moment.of(key, early=early)
        around = await self.descriptions.of(run, job, entity)
        outcome.origins = Origins.of(job.mappings[entity], around, records)
        own = Own(entity, outcome.places, outcome.known)
        links = links_of(outcome.known.values())
        lookup = own.first(await self.references.lookup(run, moment, own.others(links)))
        return [
            record
            for record in records
            if not outcome.has_same_origin(record.id, lookup) or (early and outcome.lacks_links(record.id, lookup))
        ]

    async def left_of(self, row: PageRow) -> list[str] | None:
        """Ids of the records of a slice that should have gone in and did not; of a patch, all it was for.

        None if rows are lost. What crashes here as well is no reason to keep the slice: its records count as changed.
        """
        if before := await told_before(self.stores, row):
            return before.ids
        run = await self.stores.runs.get(row.key.run_id)
        try:
            loaded = await records_of(self.jobs, self.stores, row, None)
        except RowsLost:
            return None
        if run is None:
            return [record.id for record in loaded]
        job = self.jobs.of(run.plan)
        outcome, records = await self.begin(run, job, row, loaded, None)
        known = outcome.known
        left = [one for one in records if one.id not in known or known[one.id].run_id != run.run_id]
        return [record.id for record in await self._changed(run, job, left, outcome)]

    async def arrived(self, run: Run, row: PageRow) -> Results:
        """What came of a slice of which nothing is left: all its records are in. Raises RowsLost.

        Those of which it is not known what they were made of (they wait for others, or have flaws) come round again.
        """
        job = self.jobs.of(run.plan)
        loaded = await records_of(self.jobs, self.stores, row, None)
        outcome, records = await self.begin(run, job, row, loaded, None)
        for record in await self._changed(run, job, records, outcome):
            outcome.unchanged(record.id, outcome.known[record.id].checksum)
            outcome.results.come_again(record.id)
        return outcome.results

    async def _changed(self, run: Run, job: Job, records: list[SourceRecord], outcome: Outcome) -> list[SourceRecord]:
        try:
            return await self.changed(run, job, records, outcome, early=False)
        except (RetryLater, SlowDown):
            raise
        except Exception:
            key = outcome.results.row.key
            _LOG.exception("%s %s: its records count as changed", key.partition, key.row)
            return records
