"""Whether the target knows everything that a run is going to send, asked before the first record goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.engine.job import Job
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict, RunStopped
from shared.model.ledger import EntityRow
from shared.model.run import Run
from shared.ports.stores import Stores
from shared.ports.systems import Check, Severity


@dataclass(frozen=True, slots=True)
class SchemaAgreement:
    """Asks for all entities of a run at once, so that nothing is in when something turns out to be missing."""

    stores: Stores
    stopping: Stopping

    async def holds(self, run: Run, job: Job) -> bool:
        """True when the run may import. False: it was halted, or another process wrote at the same time.

        What is only worth a warning goes into the coverage of its entity. Raises what the target raises.
        """
        if not job.needs:
            return True
        checks = await schema_checks(job, run.entities)
        lacking = [check for check in checks if not check.ok]
        if blockers := [check for check in lacking if check.severity is Severity.BLOCKER]:
            told = "; ".join(f"{check.detail}. {check.fix or ''}".strip() for check in blockers)
            await self.stopping.run(run, RunStopped("target.schema_missing", told))
            return False
        try:
            await self._note(run, lacking)
        except Conflict:
            return False
        return True

    async def _note(self, run: Run, warnings: Sequence[Check]) -> None:
        found: dict[str, dict[str, int]] = {}
        for check in warnings:
            for entity in check.entities:
                found.setdefault(entity, {})[f"{check.name}: {check.detail}"] = 1
        rows = await self.stores.ledger.entities(run.run_id)
        for entity in run.entities:
            row = rows.get(entity, EntityRow(run.run_id, entity))
            if row.coverage != found.get(entity, {}):
                await self.stores.ledger.put_entity(replace(row, coverage=found.get(entity, {})))


async def schema_checks(job: Job, entities: Sequence[str]) -> list[Check]:
    """What the target says to all that records of ``entities`` are going to hold."""
    return [
        check for name in entities if name in job.needs for check in await job.target.schema_checks(job.needs[name])
    ]
