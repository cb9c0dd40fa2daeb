"""The watchdog: finds runs that work but are driven by nobody, and locks left behind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.engine.job import Starter
from shared.engine.runs.control import RunControl
from shared.model.errors import Conflict
from shared.model.run import RunState
from shared.ports.stores import Stores

IsAlive = Callable[[str], Awaitable[bool]]
"""Whether the orchestration with this instance id is running (or about to)."""


@dataclass(slots=True)
class Watchdog:
    """Called by a timer."""

    stores: Stores
    control: RunControl

    async def look(self, plans: tuple[str, ...], is_alive: IsAlive, starter: Starter) -> list[str]:
        """Revive what has to be revived; answers the ids of the runs concerned."""
        revived = []
        for state in (RunState.QUEUED, RunState.RUNNING):
            for run in await self.stores.runs.list(state=state.value):
                if await is_alive(run.instance_id):
                    continue
                try:
                    await self.control.revive(run, starter)
                except Conflict:
                    continue  # somebody changed the run just now; the next look decides anew
                revived.append(run.run_id)
        for plan in plans:
            await self.control.release_stale_lock(plan)
        return revived
