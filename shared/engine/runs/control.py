"""Control of runs: start, pause, resume, cancel. Every change is one conditional write of the run's row."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shared.engine.clock import Clock
from shared.engine.job import Job, Jobs, Starter
from shared.engine.runs.drafting import Drafting
from shared.engine.runs.following import withdraw
from shared.engine.runs.locking import Locks, give_back
from shared.engine.runs.noting import RESTART, ROLLBACK, noted
from shared.engine.runs.outages import Outages
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.repeating import Named, Repeats
from shared.engine.runs.request import RunRequest
from shared.engine.runs.sources import foreign
from shared.engine.runs.transitions import cancelled, going_on, paused
from shared.model.errors import Conflict, PortageError
from shared.model.quoting import quoted
from shared.model.run import ORCHESTRATION, Run, RunState, Undo
from shared.ports.stores import Stores

_PATIENCE = 2.0
"""Seconds that a caller may wait for the target; the run asks again before it writes."""

LONGEST_ID = 100
"""Characters of a run's id at most; nothing longer is looked for."""

_OVER = (RunState.CANCELLED, RunState.ROLLED_BACK)
"""Nothing of such a run is taken up again."""


@dataclass(slots=True)
class RunControl:
    """What people and machines may do to runs."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    clock: Clock
    _locks: Locks = field(init=False)
    _repeats: Repeats = field(init=False)

    def __post_init__(self) -> None:
        self._locks = Locks(self.stores.runs, self.clock)
        self._repeats = Repeats(self.stores.shared, self.stores.runs, self.clock)

    async def existing(self, run_id: str) -> Run:
        """The run of this id. Raises ControlError UNKNOWN_RUN."""
        run = await self.stores.runs.get(run_id) if len(run_id) <= LONGEST_ID else None
        if run is None:
            raise ControlError("UNKNOWN_RUN", f"There is no run {quoted(run_id)}")
        return run

    async def begun(self, named: Named) -> Run | None:
        """The run that an earlier request of this name began. Raises ControlError KEY_REUSED."""
        return await self._repeats.begun(named)

    async def start(self, request: RunRequest, who: str, starter: Starter, named: Named | None = None) -> Run:
        """Start a run, unless a request of this name has. Raises ControlError.

        RUN_ALREADY_ACTIVE, TARGET_CHANGED, KEY_REUSED.
        """
        job = self.jobs.of(request.plan)
        await self._check_binding(job)
        drafting = Drafting(self.stores, self.clock)
        run = drafting.of(job, request, who)
        if named is not None:
            run = replace(run, run_id=await self._repeats.promised(named, run.run_id))
            if (first := await self.stores.runs.get(run.run_id)) is not None:
                return first
        await self._locks.take(run)
        try:
            run = await self.stores.runs.insert(await drafting.after_others(job, request, run))
        except Conflict:
            return await self.existing(run.run_id)  # that of another request of this name, at the same time
        try:
            await self._keep_lock(run, self._cancelled)  # what was not written yet may have been taken for abandoned
        except ControlError:
            if named is not None:
                await self._repeats.forget(named)
            raise
        await self._drive(run, starter)
        return run

    async def pause(self, run_id: str, who: str) -> Run:
        """Queued or running → paused. Work in hand is finished, nothing new begins."""
        return await self._change(run_id, "pause", who, lambda run: run.state.works, paused)

    async def resume(self, run_id: str, who: str, starter: Starter, *, failure_threshold: float | None = None) -> Run:
        """Paused or halted → running, as a new generation that starts from the ledger.

        Failures that are known by now count no more. ``failure_threshold`` (a share) is the new one; None keeps it.
        Raises ControlError INVALID_STATE, TARGET_CHANGED, or RUN_ALREADY_ACTIVE when it has lost its lock.
        """
        run = await self.existing(run_id)
        job = self.jobs.of(run.plan)
        await self._check_portal(job)
        if run.state is RunState.HALTED and run.undo is None and job.plan.digest != run.plan_hash:
            message = (
                "The plan is not the one this run began with, so that it cannot go on: cancel it and start a new run"
            )
            raise ControlError("INVALID_STATE", message)
        if not run.state.ended:
            await self._locks.take(run)
        run = await self._change(
            run_id,
            "resume",
            who,
            lambda run: run.state in (RunState.PAUSED, RunState.HALTED),
            lambda run: replace(
                going_on(run),
                tolerated=None,
                options=replace(run.options, failure_threshold=failure_threshold)
                if failure_threshold is not None
                else run.options,
            ),
        )
        await self.outages.clear(run_id, "source", "target")
        await self._unblock(run_id)
        await self._drive(run, starter)
        return run

    async def may_requeue(self, run: Run) -> None:
        """Whether ``run`` could take dead letters up now. Raises ControlError INVALID_STATE or RUN_ALREADY_ACTIVE."""
        if run.state in _OVER:
            raise ControlError("INVALID_STATE", f"Run {run.run_id} is {run.state.value}; its dead letters stay")
        lock = await self.stores.runs.lock_of(run.plan) if run.mode.writes else None
        other = await self.stores.runs.get(lock.run_id) if lock is not None else None
        if other is not None and other.run_id != run.run_id and not other.state.ended:
            message = f"Run {other.run_id} of this plan has not ended; wait, cancel or resume it"
            raise ControlError("RUN_ALREADY_ACTIVE", message)

    async def requeue(self, run_id: str, who: str, starter: Starter, *, blob: str, letters: int | None) -> Run:
        """Have a run take up the letters that ``blob`` asks for, as a new generation under today's plan.

        ``letters`` is how many, if that is known. One that has ended works again, and ends anew; failures that are
        known by now count no more. Raises ControlError INVALID_STATE, RUN_ALREADY_ACTIVE or TARGET_CHANGED.
        """
        run = await self.existing(run_id)
        job = self.jobs.of(run.plan)
        await self.may_requeue(run)
        await self._check_binding(job)
        await self._locks.take(run)
        if run.mode.writes:  # it may end without another word, and a later run's seals know nothing of it
            await withdraw(self.stores.idmaps.of(run.plan), self.clock.now())
        run = await self._change(
            run_id,
            "requeue",
            who,
            lambda run: run.state not in _OVER and run.undo is None,
            lambda run: replace(
                going_on(run),
                finished_at=None,
                tolerated=None,
                plan_hash=job.plan.digest,
                requeued=(*run.requeued, blob),
            ),
            **({} if letters is None else {"letters": letters}),
        )
        await self._keep_lock(run, paused)  # that of an ended run may have been taken for a stale one before it worked
        await self.outages.clear(run_id, "source", "target")
        await self._drive(run, starter)
        return run

    async def undo(self, run_id: str, who: str, starter: Starter, undo: Undo, *, epoch: int) -> Run:
        """Have a run that does not work take back what it wrote, as the generation after ``epoch``.

        Raises ControlError INVALID_STATE, which it is too when the run went on meanwhile, RUN_ALREADY_ACTIVE or
        TARGET_CHANGED.
        """
        run = await self.existing(run_id)
        finished_at = run.finished_at
        await self._check_binding(self.jobs.of(run.plan))
        await self._locks.take(run)
        run = await self._change(
            run_id,
            ROLLBACK,
            who,
            lambda run: run.undo is None and (run.state, run.epoch) == (undo.state, epoch),
            lambda run: replace(going_on(run), finished_at=None, undo=undo, undos=run.undos + 1),
        )
        await self._keep_lock(  # as for ``requeue``
            run, lambda run: replace(paused(run), state=undo.state, finished_at=finished_at, undo=None)
        )
        await self.outages.clear(run_id, "source", "target")
        await self._drive(run, starter)
        return run

    async def cancel(self, run_id: str, who: str) -> Run:
        """Anything that has not ended → cancelled; messages still in the queues do nothing.

        An undo cannot be: half of it would leave the id map behind the target.
        """
        run = await self.existing(run_id)
        lock = await self.stores.runs.lock_of(run.plan)
        run = await self._change(
            run_id,
            "cancel",
            who,
            lambda run: not run.state.ended and run.undo is None,
            self._cancelled,
        )
        await give_back(self.stores.runs, run, lock)
        return run

    async def revive(self, run: Run, who: str, why: str, starter: Starter) -> None:
        """A working run that nobody drives, or in which nothing moves, gets a new generation.

        Raises ControlError RUN_ALREADY_ACTIVE when another run of the plan has the lock.
        """
        await self._locks.take(run)
        action = {"action": RESTART, "by": who, "at": self.clock.now().isoformat(), "reason": why}
        again = noted(replace(run, epoch=run.epoch + 1), action)
        await self._drive(await self.stores.runs.replace(again), starter)

    async def _keep_lock(self, run: Run, back: Callable[[Run], Run]) -> None:
        """Take the lock again for a run that works by now, or have it step back. Raises ControlError."""
        try:
            await self._locks.take(run)
        except ControlError:
            await self._step_back(run, back)
            raise

    def _cancelled(self, run: Run) -> Run:
        return cancelled(run, self.clock.now())

    async def _step_back(self, run: Run, back: Callable[[Run], Run]) -> None:
        """Take back a generation that lost its lock before it began; what others made of the run meanwhile stays."""
        now: Run | None = run
        while now is not None and now.epoch == run.epoch and now.state.works:
            try:
                await self.stores.runs.replace(back(now))
            except Conflict:
                now = await self.stores.runs.get(run.run_id)
            else:
                return

    async def _drive(self, run: Run, starter: Starter) -> None:
        await starter(ORCHESTRATION, run.instance_id, {"run_id": run.run_id, "epoch": run.epoch})

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

    async def _change(
        self,
        run_id: str,
        action: str,
        who: str,
        allowed: Callable[[Run], bool],
        change: Callable[[Run], Run],
        **told: int,
    ) -> Run:
        done = {"action": action, "by": who, "at": self.clock.now().isoformat(), **told}
        for _ in range(10):
            run = await self.existing(run_id)
            if not allowed(run):
                standing = run.state.value if run.undo is None else "being rolled back"
                raise ControlError("INVALID_STATE", f"A run that is {standing} cannot be asked to {action}")
            try:
                return await self.stores.runs.replace(noted(change(run), done))
            except Conflict:
                continue
        raise ControlError("INVALID_STATE", f"The run changes too fast to {action} it; try again")
