"""Advancing an undo: what the run's orchestration asks for at every tick while one is under way.

First every entity gets its earlier versions back, then what was created goes, entity by entity in the reverse of the
import order; then the id map follows. Each step begins when the one before has nothing pending. Safe to do twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.engine.job import Jobs, Pace
from shared.engine.pages.holding import is_held
from shared.engine.runs.advancing import Tick
from shared.engine.runs.following import withdraw
from shared.engine.runs.lasting import Lasting
from shared.engine.runs.outages import Outages
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.engine.runs.undone import of_last_undo
from shared.engine.runs.waking import Waking
from shared.engine.undo.ending import Ending
from shared.engine.undo.rows import Step, first_page, step_of
from shared.model.errors import PortageError
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.messages import IMPORT_QUEUE
from shared.model.run import Run, Undo
from shared.ports.stores import Stores

_NEAR = 3


@dataclass(slots=True)
class Undoing:
    """One tick at a time."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    stopping: Stopping
    guard: TargetGuard
    clock: Clock
    pace: Pace
    _lasting: Lasting = field(init=False)
    _waking: Waking = field(init=False)
    _ending: Ending = field(init=False)

    def __post_init__(self) -> None:
        self._lasting = Lasting(self.stores, self.outages, self.stopping, self.clock, self.pace)
        self._waking = Waking(self.stores, self.clock, self.pace)
        self._ending = Ending(self.stores, self.clock)

    async def bind(self, run: Run) -> bool:
        """True when nobody writes for the run any more, and the target is the one that the id map belongs to."""
        rows = await self.stores.ledger.scan(run.run_id)
        if any(is_held(row, self.clock.seconds()) for row in rows if row.key.stage is not Stage.UNDO):
            return False
        try:
            await self.guard.capabilities(run, self.jobs.of(run.plan))
        except PortageError as error:
            await self.stopping.absorb(run, None, error)
            return False
        await self.outages.clear(run.run_id, "target")
        await withdraw(self.stores.idmaps.of(run.plan), self.clock.now())
        return True

    async def tick(self, run: Run, undo: Undo, *, bound: bool) -> Tick:
        """Advance the undo of ``run``. Raises Conflict when the run's row changed meanwhile.

        As long as it is not ``bound``, nothing is begun.
        """
        rows = of_last_undo(run, await self.stores.ledger.scan(run.run_id, stage=Stage.UNDO))
        outages = await self._lasting.of(run, rows)
        if await self._lasting.halts(run, outages):
            return Tick(stop=True)
        run = await self._lasting.show(run, outages)
        if not bound:
            return Tick(stop=False)
        opened = self._open(run, undo, rows)
        if opened is None:
            await self._ending.end(run, undo, rows)
            return Tick(stop=True)
        await self.stores.ledger.insert(opened)
        rows += opened
        sent = await self._waking.wake(run, IMPORT_QUEUE, rows, out=any(one.out for one in outages))
        pending = [row for row in rows if row.state is PageState.PENDING]
        later = [row.not_before - self.clock.seconds() for row in pending]
        due = min((seconds for seconds in later if seconds > 0), default=None)
        moved, near = bool(opened or sent), len(pending) <= _NEAR
        return Tick(stop=False, moved=moved, near=near, due=due, done=len(rows) - len(pending))

    def _open(self, run: Run, undo: Undo, rows: Sequence[PageRow]) -> list[PageRow] | None:
        """What can be begun now and is not in the ledger yet; None when there is nothing left to do at all."""
        job = self.jobs.of(run.plan)
        passes = [entity for entity in undo.entities if job.target.undoes(entity)]
        if new := _missing([first_page(run, entity, Step.RESTORE) for entity in passes], rows):
            return new
        if _pending(rows, Step.RESTORE):
            return []
        for entity in reversed(passes):
            if new := _missing([first_page(run, entity, Step.DELETE)], rows):
                return new
            if _pending(rows, Step.DELETE):
                return []
        # What was not asked for may have gone along, unless everything was.
        imported = [one.name for one in job.plan.entities if not one.archive_only]
        names = undo.entities if undo.whole else imported
        if new := _missing([first_page(run, entity, Step.FOLLOW) for entity in names], rows):
            return new
        return [] if _pending(rows, Step.FOLLOW) else None


def _missing(rows: Iterable[PageRow], known: Iterable[PageRow]) -> list[PageRow]:
    keys = {row.key for row in known}
    return [row for row in rows if row.key not in keys]


def _pending(rows: Iterable[PageRow], step: Step) -> bool:
    return any(row.state is PageState.PENDING for row in rows if step_of(row) is step)
