"""Control of runs: start, pause, resume, cancel. Every change is one conditional write of the run's row."""

import asyncio
import contextlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.engine.clock import Clock
from shared.engine.job import Job, Jobs, Starter
from shared.engine.runs.following import followed
from shared.engine.runs.outages import Outages
from shared.engine.runs.progress import assemble
from shared.engine.runs.request import RunRequest
from shared.engine.runs.sources import foreign
from shared.model.errors import Conflict, PortageError
from shared.model.quoting import quoted
from shared.model.run import ORCHESTRATION, Run, RunState
from shared.ports.stores import Stores

_PATIENCE = 2.0
"""Seconds that a caller may wait for the target; the run asks again before it writes."""

_ABANDONED = timedelta(seconds=60)
_LONGEST_ID = 100
_STAMP = re.compile(r"^run-(\d{8}-\d{6})-")


class ControlError(Exception):
    """A request that cannot be granted now; ``code`` is that of the problem document (DESIGN §5)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class RunControl:
    """What people and machines may do to runs."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    clock: Clock

    async def existing(self, run_id: str) -> Run:
        """The run of this id. Raises ControlError UNKNOWN_RUN."""
        run = await self.stores.runs.get(run_id) if len(run_id) <= _LONGEST_ID else None
        if run is None:
            raise ControlError("UNKNOWN_RUN", f"There is no run {quoted(run_id)}")
        return run

    async def start(self, request: RunRequest, who: str, starter: Starter) -> Run:
        """Start a run. Raises ControlError RUN_ALREADY_ACTIVE or TARGET_CHANGED."""
        job = self.jobs.of(request.plan)
        await self._check_binding(job)
        now, before = self.clock.now(), await self.stores.runs.list(plan=request.plan)
        run = Run(
            run_id=f"run-{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
            plan=request.plan,
            mode=request.mode,
            state=RunState.QUEUED,
            epoch=1,
            entities=request.entities or job.plan.names,
            started_at=now,
            started_by=who,
            plan_hash=job.plan.digest,
            options=request.options,
            since=request.since,
            repeats=any(one.mode.writes for one in before),
            follows=await followed(self.stores.idmaps.of(request.plan), before) if request.mode.writes else None,
        )
        if run.mode.writes:
            await self._lock(run)
        run = await self.stores.runs.insert(run)
        await self._drive(run, starter)
        return run

    async def pause(self, run_id: str, who: str) -> Run:
        """Queued or running → paused. Work in hand is finished, nothing new begins."""
        return await self._change(run_id, "pause", who, lambda run: run.state.works, _paused)

    async def resume(self, run_id: str, who: str, starter: Starter, *, failure_threshold: float | None = None) -> Run:
        """Paused or halted → running, as a new generation that starts from the ledger.

        Failures that are known by now count no more. ``failure_threshold`` (a share) is the new one; None keeps it.
        Raises ControlError INVALID_STATE or TARGET_CHANGED.
        """
        await self._check_portal(self.jobs.of((await self.existing(run_id)).plan))
        known = await self._failures(run_id)
        run = await self._change(
            run_id,
            "resume",
            who,
            lambda run: run.state in (RunState.PAUSED, RunState.HALTED),
            lambda run: replace(
                run,
                state=RunState.RUNNING,
                epoch=run.epoch + 1,
                reason=None,
                message=None,
                waiting_on=None,
                waiting_since=None,
                waiting_reason=None,
                tolerated=known,
                options=replace(run.options, failure_threshold=failure_threshold)
                if failure_threshold is not None
                else run.options,
            ),
        )
        await self.outages.clear(run_id, "source", "target")
        await self._unblock(run_id)
        await self._drive(run, starter)
        return run

    async def cancel(self, run_id: str, who: str) -> Run:
        """Anything that has not ended → cancelled; messages still in the queues do nothing."""
        now = self.clock.now()
        run = await self._change(
            run_id,
            "cancel",
            who,
            lambda run: not run.state.ended,
            lambda run: replace(
                run, state=RunState.CANCELLED, finished_at=now, waiting_on=None, waiting_since=None, waiting_reason=None
            ),
        )
        await self.stores.runs.unlock(run.plan, run.run_id)
        return run

    async def revive(self, run: Run, starter: Starter) -> None:
        """A working run whose orchestration is gone gets a new generation."""
        with_new_epoch = replace(run, epoch=run.epoch + 1)
        await self._drive(await self.stores.runs.replace(with_new_epoch), starter)

    async def release_stale_lock(self, plan: str) -> bool:
        """Give back a lock whose run has ended or was never written; True when there was one."""
        holder = await self.stores.runs.lock_holder(plan)
        if holder is None:
            return False
        run = await self.stores.runs.get(holder)
        stale = run.state.ended if run is not None else self._abandoned(holder)
        if stale:
            await self.stores.runs.unlock(plan, holder)
        return stale

    async def _drive(self, run: Run, starter: Starter) -> None:
        await starter(ORCHESTRATION, run.instance_id, {"run_id": run.run_id, "epoch": run.epoch})

    async def _lock(self, run: Run) -> None:
        for _ in range(2):
            try:
                await self.stores.runs.lock(run.plan, run.run_id)
            except Conflict:
                if await self.stores.runs.lock_holder(run.plan) == run.run_id:
                    return  # the first answer was lost on its way
                if not await self.release_stale_lock(run.plan):
                    break
            else:
                return
        holder = await self.stores.runs.lock_holder(run.plan)
        raise ControlError("RUN_ALREADY_ACTIVE", f"Run {holder} of this plan has not ended; wait, cancel or resume it")

    def _abandoned(self, run_id: str) -> bool:
        stamp = _STAMP.match(run_id)
        if stamp is None:
            return True
        taken = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        return self.clock.now() - taken > _ABANDONED

    async def _check_binding(self, job: Job) -> None:
        """Refuse a portal or target that the id map does not belong to; one that is out is not known to differ."""
        bound = await self._check_portal(job)
        try:
            async with asyncio.timeout(_PATIENCE):
                store_id = (await job.target.capabilities()).store_id
        except (PortageError, TimeoutError):
            return
        if bound is not None and bound[1] != store_id:
            raise ControlError("TARGET_CHANGED", "The gateway's store is not the one this id map belongs to")

    async def _check_portal(self, job: Job) -> tuple[str, str] | None:
        """What the id map is bound to. Raises ControlError TARGET_CHANGED."""
        bound = await self.stores.runs.binding(job.plan.name)
        if message := foreign(bound, await job.source.identity()):
            raise ControlError("TARGET_CHANGED", message)
        return bound

    async def _unblock(self, run_id: str) -> None:
        """Entities that were stopped are tried anew."""
        for row in (await self.stores.ledger.entities(run_id)).values():
            if row.blocked_by is not None:
                with contextlib.suppress(Conflict):
                    await self.stores.ledger.put_entity(replace(row, blocked_by=None, message=None))

    async def _failures(self, run_id: str) -> int:
        run = await self.existing(run_id)
        rows = await self.stores.ledger.scan(run_id)
        progress = assemble(self.jobs.plan_of(run.plan), run.entities, run_id, {}, rows)
        return sum(entity.failed for entity in progress.values())

    async def _change(
        self, run_id: str, action: str, who: str, allowed: Callable[[Run], bool], change: Callable[[Run], Run]
    ) -> Run:
        noted = {"action": action, "by": who, "at": self.clock.now().isoformat()}
        for _ in range(10):
            run = await self.existing(run_id)
            if not allowed(run):
                raise ControlError("INVALID_STATE", f"A run that is {run.state.value} cannot be asked to {action}")
            try:
                return await self.stores.runs.replace(replace(change(run), actions=(*run.actions, noted)))
            except Conflict:
                continue
        raise ControlError("INVALID_STATE", f"The run changes too fast to {action} it; try again")


def _paused(run: Run) -> Run:
    return replace(run, state=RunState.PAUSED, waiting_on=None, waiting_since=None, waiting_reason=None)
