"""Binding: the id map belongs to one portal and one target store."""

from dataclasses import dataclass

from shared.engine.job import Jobs
from shared.engine.outages import Outages
from shared.engine.stopping import Stopping
from shared.model.errors import Conflict, PortageError
from shared.ports.stores import Stores


@dataclass(slots=True)
class Binder:
    """Binds a plan's id map when its first run begins, and refuses another portal or store afterwards."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    stopping: Stopping

    async def bind(self, run_id: str, epoch: int) -> bool:
        """True when the binding holds. False: the target is out (the run waits) or the run was halted."""
        run = await self.stores.runs.get(run_id)
        if run is None or not run.state.works or run.epoch != epoch:
            return False
        if not run.mode.writes:
            return True  # a run that writes nothing leaves no mark, and needs no target
        job = self.jobs.of(run.plan)
        try:
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
        await self.outages.clear(run_id, "target")
        return True
