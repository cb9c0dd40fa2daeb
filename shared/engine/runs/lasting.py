"""Outages that last: what of them the run's row shows, and when they are too long to wait for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.engine.clock import Clock
from shared.engine.job import Pace
from shared.engine.runs.outages import Outage, Outages
from shared.engine.runs.stopping import Stopping
from shared.model.ledger import PageRow, Stage
from shared.model.run import Run, RunState
from shared.ports.stores import Stores

_SHORT_WAIT = 10.0
"""Seconds for which the other side's limit may hold everything up before the status says so."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """Looks after the outages of a run, tick by tick."""

    stores: Stores
    outages: Outages
    stopping: Stopping
    clock: Clock
    pace: Pace

    async def of(self, run: Run, rows: Iterable[PageRow]) -> list[Outage]:
        """Outages that last; one that a later success of a row on its side disproves is cleared."""
        known, lasting = list(rows), []
        for outage in await self.outages.of(run.run_id):
            reads = outage.system == "source"
            ours = (row for row in known if _reads(row) == reads)
            if any((row.completed_at or 0) > outage.since for row in ours):
                await self.outages.clear(run.run_id, outage.system)
            else:
                lasting.append(outage)
        return lasting

    async def halts(self, run: Run, outages: Iterable[Outage]) -> bool:
        """Whether one of them is too long to wait for; the run is halted then."""
        for outage in outages:
            if outage.out and self.clock.seconds() - outage.since > self.pace.halt_after:
                await self.stopping.halt(run.run_id, run.epoch, outage.reason, outage.message)
                return True
        return False

    async def show(self, run: Run, outages: Iterable[Outage]) -> Run:
        """Keep the run's state and ``waiting_on`` true; a lost race is made good at the next tick."""
        now = self.clock.seconds()
        waiting = next((one for one in outages if one.out or now - one.since > _SHORT_WAIT), None)
        shown = replace(
            run,
            state=RunState.RUNNING,
            waiting_on=waiting.system if waiting else None,
            waiting_since=datetime.fromtimestamp(waiting.since, UTC) if waiting else None,
            waiting_reason=f"{waiting.message} ({waiting.reason})" if waiting else None,
        )
        if shown == run:
            return run
        return await self.stores.runs.replace(shown)


def _reads(row: PageRow) -> bool:
    """Whether a row is about the source."""
    return row.key.stage is Stage.EXTRACT or (row.key.stage is Stage.DELETE and row.key.part == 0)
