"""Whether the portal that this process reads is the one that the plan's id map belongs to."""

from dataclasses import dataclass, field

from shared.engine.job import Job
from shared.model.errors import RunStopped
from shared.model.run import Run
from shared.ports.stores import RunStore


@dataclass(slots=True)
class SourceGuard:
    """Refuses to read a portal to which the id map is not bound: settings may change while a run is open.

    What a process reads does not change while it lives, so a binding is looked at until it is there.
    """

    runs: RunStore
    _checked: set[str] = field(default_factory=set)

    async def check(self, run: Run, job: Job) -> None:
        """Raises RunStopped("target.changed")."""
        if run.plan in self._checked:
            return
        bound = await self.runs.binding(run.plan)
        if bound is None:
            return
        portal = await job.source.identity()
        if bound[0] != portal:
            raise RunStopped("target.changed", f"The id map belongs to portal {bound[0]}, not to {portal}")
        self._checked.add(run.plan)
