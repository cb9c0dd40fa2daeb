"""Binding: the id map belongs to one portal and one target store."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Watermarks
from shared.engine.job import Job, Jobs
from shared.engine.pages.holding import is_held
from shared.engine.runs.outages import Outages
from shared.engine.runs.schema import SchemaAgreement
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict, PortageError
from shared.model.run import Run
from shared.ports.stores import Stores

_LATE = 600.0
"""Seconds after the end of a run in which a call of one of its workers may still be under way."""


@dataclass(slots=True)
class Binder:
    """Binds a plan's id map when its first run begins, and refuses another portal or store afterwards.

    What the target lacks of what the run is going to send stops the run here, too.
    """

    jobs: Jobs
    stores: Stores
    outages: Outages
    stopping: Stopping
    clock: Clock

    async def _still_written(self, run: Run) -> bool:
        """Whether a worker of another run may still write: its version must not come after this run's.

        It is one of the plan's last run, or of an older one that took up dead letters and ended just now.
        """
        others = [one for one in await self.stores.runs.list(plan=run.plan) if one.run_id != run.run_id]
        writing = [one for one in others if one.mode.writes]
        now = self.clock.seconds()
        late = [one for one in writing[1:] if one.quiet_since and now - one.quiet_since.timestamp() < _LATE]
        for one in (*writing[:1], *late):
            if any(is_held(row, now) for row in await self.stores.ledger.scan(one.run_id)):
                return True
        return False

    async def bind(self, run_id: str, epoch: int) -> bool:
        """True when the binding holds. False: the target is out (the run waits), or the run was halted."""
        run = await self.stores.runs.get(run_id)
        if run is None or not run.state.works or run.epoch != epoch:
            return False
        if not run.mode.writes:
            return True  # a run that writes nothing leaves no mark, and needs no target
        if await self._still_written(run):
            return False
        job = self.jobs.of(run.plan)
        try:
            await SourceGuard(self.stores.runs).check(run, job)  # before the target is asked, which may be out
            store_id = (await job.target.capabilities()).store_id
            portal = await job.source.identity()
        except PortageError as error:
            await self.stopping.absorb(run, None, error)
            return False
        try:
            await self.stores.runs.bind(run.plan, portal, store_id)
        except Conflict:
            await self.stopping.halt(
                run_id,
                epoch,
                "target.changed",
                "The portal or the gateway's store is not the one this id map belongs to",
            )
            return False
        return await self._agreed(run, job) and await self._timed(run, job)

    async def _timed(self, run: Run, job: Job) -> bool:
        """Note the source's time, once; what is changed from now on is the next delta's."""
        if run.source_time is None:
            try:
                now = await job.source.now()
            except PortageError as error:
                await self.stopping.absorb(run, None, error)
                return False
            if now is not None:
                await self.stores.runs.replace(await self._dated(run, job, now))
        return True

    async def _dated(self, run: Run, job: Job, now: datetime) -> Run:
        ahead = (now - self.clock.now()).total_seconds()
        since = {name: datetime.fromisoformat(text) for name, text in run.reads_since.items()}
        if run.since is None:
            since = await Watermarks(self.stores.shared).set_back(job.plan, since, ahead)
        told = {name: moment.isoformat() for name, moment in since.items()}
        return replace(run, source_time=now, source_ahead=ahead, reads_since=told)

    async def _agreed(self, run: Run, job: Job) -> bool:
        try:
            agreed = await SchemaAgreement(self.stores, self.stopping).holds(run, job)
        except PortageError as error:
            await self.stopping.absorb(run, None, error)
            return False
        await self.outages.clear(run.run_id, "target")
        return agreed
