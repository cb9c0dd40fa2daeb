"""The watchdog: finds runs that nobody drives or in which nothing moves, rows that are tried for ever, stale locks."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.engine.clock import Clock
from shared.engine.job import Pace, Starter
from shared.engine.pages.completing import give_up, go_without
from shared.engine.pages.holding import is_held
from shared.engine.runs.control import RunControl
from shared.engine.runs.locking import Locks
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.run import Run, RunState
from shared.ports.stores import Stores

IsAlive = Callable[[str], Awaitable[bool]]
"""Whether the orchestration with this instance id is running (or about to)."""

WATCHDOG = "watchdog"
"""Who acts, in the actions of a run."""

_CRASHED = "page.crashed_worker"
_BRINGING = (Stage.EXTRACT, Stage.IMPORT, Stage.PATCH, Stage.REDRIVE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the watchdog did about a run, and why."""

    run_id: str
    message: str


@dataclass(slots=True)
class Watchdog:
    """Called by a timer."""

    stores: Stores
    control: RunControl
    locks: Locks
    stopping: Stopping
    clock: Clock
    pace: Pace

    async def look(self, plans: tuple[str, ...], is_alive: IsAlive, starter: Starter) -> list[Finding]:
        """See to all runs that should work; answers what had to be done."""
        found = []
        for state in (RunState.QUEUED, RunState.RUNNING):
            for run in await self.stores.runs.list(state=state.value):
                try:
                    found += await self._see_to(run, starter, alive=await is_alive(run.instance_id))
                except (Conflict, ControlError):
                    continue  # somebody changed the run just now; the next look decides anew
        for plan in plans:
            await self.locks.release_stale(plan)
        return found

    async def _see_to(self, run: Run, starter: Starter, *, alive: bool) -> list[Finding]:
        if not alive:
            return [await self._restart(run, starter, "nobody drove it")]
        rows = await self.stores.ledger.scan(run.run_id)
        found = [await self._give_up(row) for row in rows if self._is_hopeless(row)]
        moved = self._last_move(run, rows)
        restarts = [_instant(action) for action in run.actions if action.get("by") == WATCHDOG]
        since = max([moved, *restarts])
        if run.waiting_on is not None or self.clock.seconds() - since < self.pace.stalled_after:
            return found
        told = f"nothing has moved since {datetime.fromtimestamp(moved, UTC):%Y-%m-%d %H:%M:%S} UTC"
        if sum(at > moved for at in restarts) < self.pace.most_restarts:
            return [*found, await self._restart(run, starter, told)]
        message = f"{told}, though it was restarted {self.pace.most_restarts} times"
        await self.stopping.halt(run.run_id, run.epoch, "run.no_progress", message)
        return [*found, Finding(run.run_id, f"halted: {message}")]

    async def _restart(self, run: Run, starter: Starter, why: str) -> Finding:
        await self.control.revive(run, WATCHDOG, why, starter)
        return Finding(run.run_id, f"restarted: {why}")

    def _is_hopeless(self, row: PageRow) -> bool:
        """Whether a row was tried too often, whatever became of its messages."""
        tried = max(row.attempts, row.wakes) >= self.pace.most_attempts
        return tried and row.state is PageState.PENDING and not is_held(row, self.clock.seconds())

    async def _give_up(self, row: PageRow) -> Finding:
        tries = max(row.attempts, row.wakes)
        message = f"nobody came back from it, in {tries} tries"
        if row.key.stage in _BRINGING:
            await give_up(self.stores, row, _CRASHED, message, at=self.clock.seconds())
        else:
            await go_without(self.stores.ledger, row, _CRASHED, at=self.clock.seconds())
        return Finding(row.key.run_id, f"gave up {row.key.entity} {row.key.place}: {message}")

    def _last_move(self, run: Run, rows: Iterable[PageRow]) -> float:
        """When a person or a worker last did something about the run, in seconds since 1970.

        Whoever puts a row away, for a limit or an outage, does something.
        """
        touched = (max(row.completed_at or 0.0, row.not_before, row.held_until) for row in rows)
        by_people = (_instant(action) for action in run.actions if action.get("by") != WATCHDOG)
        return min(self.clock.seconds(), max([run.started_at.timestamp(), *touched, *by_people]))


def _instant(action: dict[str, object]) -> float:
    return datetime.fromisoformat(str(action["at"])).timestamp()
