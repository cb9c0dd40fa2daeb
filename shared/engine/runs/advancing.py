"""Advancing a run: what the orchestration asks for at every tick.

Looks at the ledger, opens what has become possible, tops the queues up, and decides whether the run is over. Safe to
do twice: wake-ups sent again do nothing when their page is done.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from shared.engine.causes import top_causes
from shared.engine.clock import Clock
from shared.engine.job import Job, Jobs, Pace
from shared.engine.letters import causes_of, letters_of
from shared.engine.runs.finishing import Finishing
from shared.engine.runs.lasting import Lasting
from shared.engine.runs.missing import LookingForMissing
from shared.engine.runs.outages import Outages
from shared.engine.runs.progress import EntityProgress, assemble
from shared.engine.runs.proving import Proving
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.waking import Waking
from shared.model.ledger import PageKey, PageRow, Stage
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE
from shared.model.run import Run
from shared.ports.stores import Stores

_NEAR = 3
"""Rows that one worker process has in hand at once. A tick costs half a dozen storage transactions."""

_NEAR_PROOF = 20
"""Rows of a proof that are done within moments: most of them are one call."""


Redrive = Callable[[Run], Awaitable[Run]]
"""Puts into the ledger what a person requeued; answers the run as it is then."""


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
    redrive: Redrive
    _lasting: Lasting = field(init=False)
    _waking: Waking = field(init=False)
    _proving: Proving = field(init=False)
    _missing: LookingForMissing = field(init=False)

    def __post_init__(self) -> None:
        self._lasting = Lasting(self.stores, self.outages, self.stopping, self.clock, self.pace)
        self._waking = Waking(self.stores, self.clock, self.pace)
        self._proving = Proving(self.stores.ledger)
        self._missing = LookingForMissing(self.stores.ledger)

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
        if run.requeued:
            run = await self.redrive(run)
        progress = assemble(
            job.plan,
            run.entities,
            run_id,
            await self.stores.ledger.entities(run_id),
            await self.stores.ledger.scan(run_id),
        )
        if run.tolerated is None:
            known = sum(entity.failed for entity in progress.values())
            run = await self.stores.runs.replace(replace(run, tolerated=known))
        rows = (row for one in progress.values() for row in one.rows)
        outages = await self._lasting.of(run, rows)
        if await self._lasting.halts(run, outages) or await self._fails_too_often(run, progress.values()):
            return Tick(stop=True)
        run = await self._lasting.show(run, outages)
        if not bound:
            return Tick(stop=False)
        moved = await self._block_dependents(job, progress)
        to_open = self._to_open(job, progress)
        moved |= await self._open_stages(job, progress)
        settled = all(entity.settled for entity in progress.values())
        looking = settled and await self._missing.open(run, job, list(progress.values()))
        proving = settled and not looking and await self._proving.open(run, job, progress.values())
        moved |= await self._wake(run, job, progress, {outage.system for outage in outages if outage.out})
        if settled and not looking and not proving:
            await self.finishing.finish(run, progress.values(), job.plan)
            return Tick(stop=True)
        near = sum(len(entity.open_rows) for entity in progress.values()) <= (_NEAR_PROOF if settled else _NEAR)
        waiting = [row.not_before for entity in progress.values() for row in entity.open_rows if row.not_before]
        later = [instant - self.clock.seconds() for instant in waiting]
        due = min((seconds for seconds in later if seconds > 0), default=None)
        done = sum(entity.done for entity in progress.values())
        return Tick(stop=False, open=to_open, moved=moved, near=near, due=due, done=done)

    async def _fails_too_often(self, run: Run, progress: Iterable[EntityProgress]) -> bool:
        entities = list(progress)
        failed = sum(entity.failed for entity in entities)
        attempted = failed + sum(one.imported + one.skipped + one.duplicate for one in (e.counts for e in entities))
        failed -= run.tolerated or 0
        if attempted >= self.pace.judge_after and failed / attempted > run.options.failure_threshold:
            causes = top_causes(await causes_of(letters_of(self.stores.dead_letters, run.run_id)))
            more = "more " if run.tolerated else ""
            limit = f"{failed} {more}of {attempted} records attempted had failed when it was halted"
            threshold = f"the threshold is {run.options.failure_threshold:.1%}"
            message = f"{limit}; {threshold}. Dead letters by then, what was under way included, most of all: {causes}"
            await self.stopping.halt(run.run_id, run.epoch, "run.failures_over_threshold", message)
            return True
        return False

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
        opened = {row.key for row in entity.patches}
        patches = [
            PageRow(
                replace(row.key, stage=Stage.PATCH),
                cursor=row.cursor,
                blob=row.blob,
                raw_blob=row.raw_blob,
                receipts=row.receipts,
                earlier=row.earlier,
            )
            for row in entity.slices
            if row.counts.deferred and replace(row.key, stage=Stage.PATCH) not in opened
        ]
        await self.stores.ledger.insert(patches)
        entity.patches += patches
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
                writing.extend((*entity.slices, *entity.patches, *entity.missing, *entity.proof))
            elif run.repeats and _described(job, entity.name, progress):
                unseen = [row for row in entity.slices if not row.in_turn]
                early |= {row.key for row in unseen}
                writing.extend(unseen)
        sent = 0
        for queue, rows, system in ((EXTRACT_QUEUE, reading, "source"), (IMPORT_QUEUE, writing, "target")):
            sent += await self._waking.wake(run, queue, rows, out=system in out, early=early)
        return bool(sent)


def _in(entity: EntityProgress) -> bool:
    return entity.blocked or (entity.row.import_open and entity.imported)


def _described(job: Job, name: str, progress: dict[str, EntityProgress]) -> bool:
    """Whether what the records of an entity are transformed by is read, as far as it can be."""
    read = (progress[need] for need in job.plan.entity(name).described_by if need in progress)
    return all(one.extracted or one.blocked for one in read)
