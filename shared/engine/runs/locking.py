"""The lock of a plan: one run at a time writes to its target. A lock is a row, and may outlive whoever took it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.engine.clock import Clock
from shared.engine.runs.refusals import ControlError
from shared.model.errors import Conflict
from shared.model.run import Run, RunMode
from shared.ports.stores import RunStore

_ABANDONED = timedelta(seconds=60)
_STAMP = re.compile(r"^run-(\d{8}-\d{6})-")


@dataclass(frozen=True, slots=True)
class Locks:
    """Takes locks, and takes away those that were left behind."""

    runs: RunStore
    clock: Clock

    async def take(self, run: Run) -> None:
        """Have ``run`` hold its plan's lock, if it is one that writes. Raises ControlError RUN_ALREADY_ACTIVE.

        One that validates holds none, and does not begin while another works under it.
        """
        if run.mode is RunMode.VALIDATE:
            await self._check_that_nobody_writes(run)
        if not run.mode.writes:
            return
        for _ in range(2):
            try:
                await self.runs.lock(run.plan, run.run_id)
            except Conflict:
                if await self.runs.lock_holder(run.plan) == run.run_id:
                    return  # it has it already, or the first answer was lost on its way
                if not await self.release_stale(run.plan):
                    break
            else:
                return
        holder = await self.runs.lock_holder(run.plan)
        raise ControlError("RUN_ALREADY_ACTIVE", f"Run {holder} of this plan has not ended; wait, cancel or resume it")

    async def _check_that_nobody_writes(self, run: Run) -> None:
        holder = await self.runs.lock_holder(run.plan)
        writer = await self.runs.get(holder) if holder else None
        if writer is not None and writer.state.works:
            message = f"Run {writer.run_id} of this plan writes, so that nothing could be proven; wait, or pause it"
            raise ControlError("RUN_ALREADY_ACTIVE", message)

    async def release_stale(self, plan: str) -> bool:
        """Give back a lock whose run has ended or was never written; True when there was one."""
        holder = await self.runs.lock_holder(plan)
        if holder is None:
            return False
        run = await self.runs.get(holder)
        stale = run.state.ended if run is not None else is_abandoned(holder, self.clock.now())
        if stale:
            await self.runs.unlock(plan, holder)
        return stale


def is_abandoned(run_id: str, now: datetime) -> bool:
    """Whether nobody writes a run of this id any more that is not written yet: it would begin at once."""
    stamp = _STAMP.match(run_id)
    if stamp is None:
        return True
    made = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return now - made > _ABANDONED
