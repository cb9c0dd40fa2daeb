"""The lock of a plan: one run at a time writes to its target. A lock is a row, and may outlive whoever took it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.engine.clock import Clock
from shared.engine.runs.refusals import ControlError
from shared.model.errors import Conflict
from shared.model.run import Run
from shared.ports.stores import Lock, RunStore

_ABANDONED = timedelta(seconds=60)
_STAMP = re.compile(r"^run-(\d{8}-\d{6})-")


@dataclass(frozen=True, slots=True)
class Locks:
    """Takes locks, and takes away those that were left behind."""

    runs: RunStore
    clock: Clock

    async def take(self, run: Run) -> None:
        """Have ``run`` hold its plan's lock, if it is one that writes. Raises ControlError RUN_ALREADY_ACTIVE.

        Who takes it anew keeps it from everybody who looked at the run before: to them, it had ended.
        """
        if not run.mode.writes:
            return
        for _ in range(2):
            try:
                await self.runs.lock(run.plan, run.run_id)
            except Conflict:
                if not await self.release_stale(run.plan):
                    break
            else:
                return
        lock = await self.runs.lock_of(run.plan)
        told = "Another run" if lock is None else f"Run {lock.run_id}"
        raise ControlError("RUN_ALREADY_ACTIVE", f"{told} of this plan has not ended; wait, cancel or resume it")

    async def release_stale(self, plan: str) -> bool:
        """Give back a lock whose run has ended or was never written; True when there was one."""
        lock = await self.runs.lock_of(plan)
        if lock is None:
            return False
        run = await self.runs.get(lock.run_id)
        stale = run.state.ended if run is not None else is_abandoned(lock.run_id, self.clock.now())
        if stale:
            await self.runs.unlock(plan, lock)
        return stale


async def end(runs: RunStore, run: Run) -> None:
    """Write a run as it ended and give its lock back, unless somebody opens it again in between. Raises Conflict."""
    lock = await runs.lock_of(run.plan)
    await runs.replace(run)
    await give_back(runs, run, lock)


async def give_back(runs: RunStore, run: Run, lock: Lock | None) -> None:
    """Give the lock back that ``run`` had before it ended, unless somebody opens it again in between."""
    if lock is not None and lock.run_id == run.run_id:
        await runs.unlock(run.plan, lock)


def is_abandoned(run_id: str, now: datetime) -> bool:
    """Whether nobody writes a run of this id any more that is not written yet: it would begin at once."""
    stamp = _STAMP.match(run_id)
    if stamp is None:
        return True
    made = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return now - made > _ABANDONED
