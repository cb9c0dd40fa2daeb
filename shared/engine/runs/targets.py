"""What the engine knows of a target: its capabilities, asked once a minute, and whether it is still the same store."""

from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.engine.job import Job
from shared.model.errors import RunStopped
from shared.model.records import Capabilities
from shared.model.run import Run
from shared.ports.stores import RunStore

_FRESH = 60.0


@dataclass(slots=True)
class TargetGuard:
    """Refuses to go on when the target's ``store_id`` is not the one the id map is bound to."""

    runs: RunStore
    clock: Clock
    _seen: dict[tuple[str, int], tuple[float, Capabilities]] = field(default_factory=dict)

    async def capabilities(self, run: Run, job: Job) -> Capabilities:
        """At most a minute old, and no older than the last resume: somebody has mended something before it.

        Raises RunStopped("target.changed") and what the target raises.
        """
        generation = (run.run_id, run.epoch)
        read_at, capabilities = self._seen.get(generation, (float("-inf"), None))
        if capabilities is not None and self.clock.monotonic() - read_at < _FRESH:
            return capabilities
        fresh = await job.target.capabilities()
        bound = await self.runs.binding(run.plan)
        if bound is not None and bound[1] != fresh.store_id:
            raise RunStopped("target.changed", "The gateway's store is not the one this id map belongs to")
        self._seen = {generation: (self.clock.monotonic(), fresh)}
        return fresh
