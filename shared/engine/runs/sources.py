"""Whether the portal that this process reads is the one that the plan's id map belongs to."""

from dataclasses import dataclass, field

from shared.engine.job import Job
from shared.model.errors import RunStopped
from shared.model.run import Run
from shared.ports.stores import RunStore


def foreign(bound: tuple[str, str] | None, portal: str) -> str | None:
    """What to tell of a ``portal`` that the id map is not ``bound`` to (portal, store); None: it is, or to none."""
    return None if bound is None or bound[0] == portal else f"The id map belongs to portal {bound[0]}, not to {portal}"


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
        if message := foreign(bound, await job.source.identity()):
            raise RunStopped("target.changed", message)
        self._checked.add(run.plan)
