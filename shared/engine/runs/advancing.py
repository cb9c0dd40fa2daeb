"""Advancing a run: what the orchestration asks for at every tick.

Looks at the ledger, opens what has become possible, tops the queues up, and decides whether the run is over. Safe to
do twice: wake-ups sent again do nothing when their page is done.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.engine.clock import Clock
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.holding import is_held
from shared.engine.runs.finishing import Finishing
from shared.engine.runs.outages import Outage, Outages
from shared.engine.runs.progress import EntityProgress, assemble
from shared.engine.runs.stopping import Stopping
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage
from shared.model.run import Run, RunState
from shared.ports.stores import Stores

_SHORT_WAIT = 10.0
"""Seconds for which the other side's limit may hold everything up before the status says so."""

_NEAR = 3
"""Rows that one worker process has in hand at once. A tick costs half a dozen storage transactions."""

_STAGE_OF = {"source": (Stage.EXTRACT,), "target": (Stage.IMPORT, Stage.PATCH)}


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick found.

    ``stop``: the orchestration ends. ``open``: entities to cut now. ``moved``: the tick did something.
    ``near``: so little is left of what is open that the next decision is due soon. ``due``: seconds until the first row
    that waits has waited enough; None when none does. ``done`` counts the rows that are completed.
    """

    stop: bool
    open: tuple[str, ...] = ()
    moved: bool = False
    near: bool = False
    due: float | None = None
    done: int = 0


@dataclass(slots=True)
class Advancer:
    """One tick at a time."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    stopping: Stopping
    finishing: Finishing
    clock: Clock
    pace: Pace

    async def tick(self, run_id: str, epoch: int, *, bound: bool) -> Tick:
        """Advance generation ``epoch``. Raises Conflict when the run's row or a progress row changed meanwhile.

        As long as it is not ``bound`` to its portal and target, nobody is woken up.
        """
        run = await self.stores.runs.get(run_id)
        if run is None or not run.state.works or run.epoch != epoch:
            return Tick(stop=True)
        job = self.jobs.of(run.plan)
        if job.plan.digest != run.plan_hash:
            await self.stopping.halt(run_id, epoch, "plan.changed", "The plan is not the one this run began with")
            return Tick(stop=True)
        progress = assemble(
            job.plan,
            run.entities,
            run_id,
            await self.stores.ledger.entities(run_id),
            await self.stores.ledger.scan(run_id),
        )
        outages = await self._outages(run, progress.values())
        if await self._halted(run, progress.values(), outages):
            return Tick(stop=True)
        run = await self._show(run, outages)
        if not bound:
            return Tick(stop=False)
        moved = await self._block_dependents(job, progress)
        to_open = self._to_open(job, progress)
        moved |= await self._open_stages(job, progress)
        moved |= await self._wake(run, job, progress, {outage.system for outage in outages if outage.out})
        if all(entity.settled for entity in progress.values()):
            await self.finishing.finish(run, progress.values(), whole_plan=run.entities == job.plan.names)
            return Tick(stop=True)
        near = sum(len(entity.open_rows) for entity in progress.values()) <= _NEAR
        waiting = [row.not_before for entity in progress.values() for row in entity.open_rows if row.not_before]
        later = [instant - self.clock.seconds() for instant in waiting]
        due = min((seconds for seconds in later if seconds > 0), default=None)
        done = sum(entity.done for entity in progress.values())
        return Tick(stop=False, open=to_open, moved=moved, near=near, due=due, done=done)

    async def _outages(self, run: Run, progress: Iterable[EntityProgress]) -> list[Outage]:
        """Outages that last; one that a later success of its stages disproves is cleared."""
        entities = list(progress)
        lasting = []
        for outage in await self.outages.of(run.run_id):
            rows = [row for entity in entities for row in (*entity.pages, *entity.slices, *entity.patches)]
            stages = _STAGE_OF[outage.system]
            if any(row.key.stage in stages and (row.completed_at or 0) > outage.since for row in rows):
                await self.outages.clear(run.run_id, outage.system)
            else:
                lasting.append(outage)
        return lasting

    async def _halted(self, run: Run, progress: Iterable[EntityProgress], outages: list[Outage]) -> bool:
        for outage in outages:
            if outage.out and self.clock.seconds() - outage.since > self.pace.halt_after:
                await self.stopping.halt(run.run_id, run.epoch, outage.reason, outage.message)
                return True
        entities = list(progress)
        failed = sum(entity.failed for entity in entities)
        attempted = failed + sum(one.imported + one.skipped + one.duplicate for one in (e.counts for e in entities))
        failed -= run.tolerated
        if attempted >= self.pace.judge_after and failed / attempted > run.options.failure_threshold:
            message = f"{failed} of {attempted} records failed; the threshold is {run.options.failure_threshold:.1%}"
            await self.stopping.halt(run.run_id, run.epoch, "run.failures_over_threshold", message)
            return True
        return False

    async def _show(self, run: Run, outages: list[Outage]) -> Run:
        """Keep the run's state and ``waiting_on`` true; a lost race is made good at the next tick."""
        now = self.clock.seconds()
        waiting = next((one for one in outages if one.out or now - one.since > _SHORT_WAIT), None)
        shown = replace(
            run,
            state=RunState.RUNNING,
            waiting_on=waiting.system if waiting else None,
            waiting_since=datetime.fromtimestamp(waiting.since, UTC) if waiting else None,
            waiting_reason=f"{waiting.message} ({waiting.reason})" if waiting else None,
        )
        if shown == run:
            return run
        return await self.stores.runs.replace(shown)

    async def _block_dependents(self, job: Job, progress: dict[str, EntityProgress]) -> bool:
        """What cannot be read without an entity that is stopped, or written without it, is stopped too."""
        moved = False
        for name, entity in progress.items():
            needs = set(job.requirements(name))
            if entity.row.ranges is None:
                needs |= set(job.plan.entity(name).extract_after)
            lost = next((progress[need].row for need in needs if need in progress and progress[need].blocked), None)
            if lost is not None and not entity.blocked and not entity.settled:
                message = f"{lost.entity} is stopped: {lost.message}"
                stopped = replace(entity.row, blocked_by=lost.blocked_by, message=message)
                entity.row = await self.stores.ledger.put_entity(stopped)
                moved = True
        return moved

    def _to_open(self, job: Job, progress: dict[str, EntityProgress]) -> tuple[str, ...]:
        def parents_read(name: str) -> bool:
            entity = job.plan.entity(name)
            read = all(progress[need].extracted for need in entity.extract_after if need in progress)
            also = (progress[need] for need in entity.also_after if need in progress)
            return read and all(one.extracted or one.blocked for one in also)

        return tuple(
            name
            for name, entity in progress.items()
            if entity.row.ranges is None and not entity.blocked and parents_read(name)
        )

    async def _open_stages(self, job: Job, progress: dict[str, EntityProgress]) -> bool:
        """Open imports whose requirements are in, and patches once every creation is done."""
        moved = False
        for name, entity in progress.items():
            node = job.plan.entity(name)
            needs = [progress[need] for need in (*node.requires, *node.import_after) if need in progress]
            ready = entity.extracted and _described(job, name, progress)
            if not entity.row.import_open and ready and all(_in(need) for need in needs):
                entity.row = await self.stores.ledger.put_entity(replace(entity.row, import_open=True))
                moved = True
        if all(_in(entity) for entity in progress.values()):
            for entity in progress.values():
                moved |= await self._open_patches(entity)
        return moved

    async def _open_patches(self, entity: EntityProgress) -> bool:
        if entity.row.patch_open or entity.blocked:
            return False
        entity.patches = [
            PageRow(
                replace(row.key, stage=Stage.PATCH),
                cursor=row.cursor,
                blob=row.blob,
                raw_blob=row.raw_blob,
                receipts=row.receipts,
            )
            for row in entity.slices
            if row.counts.deferred
        ]
        await self.stores.ledger.insert(entity.patches)
        entity.row = await self.stores.ledger.put_entity(replace(entity.row, patch_open=True))
        return True

    async def _wake(self, run: Run, job: Job, progress: dict[str, EntityProgress], out: set[str]) -> bool:
        """Send wake-ups for pending rows, as many as the windows allow.

        A run that is not the first looks at slices before their turn: what is unchanged has no order to keep.
        """
        reading: list[PageRow] = []
        writing: list[PageRow] = []
        early: set[PageKey] = set()
        for entity in progress.values():
            if entity.blocked:
                continue
            reading.extend(entity.pages)
            if entity.row.import_open:
                writing.extend((*entity.slices, *entity.patches))
            elif run.repeats and _described(job, entity.name, progress):
                unseen = [row for row in entity.slices if not row.in_turn]
                early |= {row.key for row in unseen}
                writing.extend(unseen)
        sent = 0
        for queue, rows, system in ((EXTRACT_QUEUE, reading, "source"), (IMPORT_QUEUE, writing, "target")):
            window = self.pace.probes if system in out else self.pace.window
            due = self._due(run, rows, window, await self._heeded_for(run, queue, rows))
            await self.stores.queue.send(queue, [_message(row, run.epoch, early) for row in due])
            now = self.clock.seconds()
            await self.stores.ledger.mark([replace(row, enqueued_at=now, enqueued_by=run.epoch) for row in due])
            sent += len(due)
        return bool(sent)

    async def _heeded_for(self, run: Run, queue: str, rows: list[PageRow]) -> float:
        """For how many seconds a wake-up may still be heeded: not longer than anything is left in its queue.

        The queue is asked only when a wake-up is overdue. A message in a worker's hands is still in the queue.
        """
        soon = self.pace.heeded_within
        if len(_woken(run, rows, self.clock.seconds(), soon)) == len(
            _woken(run, rows, self.clock.seconds(), self.pace.requeue_after)
        ):
            return soon
        left = [await self.stores.queue.length(name) for name in (queue, f"{queue}-poison")]
        return self.pace.requeue_after if any(left) else soon

    def _due(self, run: Run, rows: list[PageRow], window: int, heeded_for: float) -> list[PageRow]:
        """Rows to wake up now: those without a wake-up of this generation that may still be heeded."""
        now = self.clock.seconds()
        woken = _woken(run, rows, now, heeded_for)
        ready = [row for row in rows if row.state is PageState.PENDING and row.key not in woken]
        return [row for row in ready if row.not_before <= now][: max(0, window - len(woken))]


def _woken(run: Run, rows: list[PageRow], now: float, heeded_for: float) -> set[PageKey]:
    """Pending rows that somebody works on or is about to. Whoever held one is gone when its hold is over."""
    pending = (row for row in rows if row.state is PageState.PENDING)
    return {
        row.key
        for row in pending
        if (
            is_held(row, now)
            if row.held_by is not None
            else row.enqueued_by == run.epoch and (row.enqueued_at or 0.0) > now - heeded_for
        )
    }


def _in(entity: EntityProgress) -> bool:
    return entity.blocked or (entity.row.import_open and entity.imported)


def _described(job: Job, name: str, progress: dict[str, EntityProgress]) -> bool:
    """Whether what the records of an entity are transformed by is read, as far as it can be."""
    read = (progress[need] for need in job.plan.entity(name).described_by if need in progress)
    return all(one.extracted or one.blocked for one in read)


def _message(row: PageRow, epoch: int, early: Set[PageKey]) -> str:
    if row.key.stage is Stage.EXTRACT:
        return ExtractMessage(row.key.run_id, epoch, row.key.entity, row.key.range_no).dump()
    return ImportMessage.of(row.key, epoch, early=row.key in early).dump()
