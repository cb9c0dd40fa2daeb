"""Which part of the engine drives a run now: an undo that is under way, or the run itself."""

from dataclasses import dataclass

from shared.engine.runs.advancing import Advancer, Tick
from shared.engine.runs.binding import Binder
from shared.engine.undo.ticking import Undoing
from shared.ports.stores import RunStore


@dataclass(frozen=True, slots=True)
class Phases:
    """What the orchestration of a run asks, whatever it drives."""

    runs: RunStore
    advancer: Advancer
    binder: Binder
    undoing: Undoing

    async def tick(self, run_id: str, epoch: int, *, bound: bool) -> Tick:
        """See ``Advancer.tick`` and ``Undoing.tick``."""
        run = await self.runs.get(run_id)
        if run is None or run.undo is None or not run.state.works or run.epoch != epoch:
            return await self.advancer.tick(run_id, epoch, bound=bound)
        return await self.undoing.tick(run, run.undo, bound=bound)

    async def bind(self, run_id: str, epoch: int) -> bool:
        """See ``Binder.bind`` and ``Undoing.bind``."""
        run = await self.runs.get(run_id)
        if run is None or run.undo is None or not run.state.works or run.epoch != epoch:
            return await self.binder.bind(run_id, epoch)
        return await self.undoing.bind(run)
