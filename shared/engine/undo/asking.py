"""Asking for an undo: what it would take, and the confirmation that begins it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.engine.clock import Clock
from shared.engine.job import Job, Jobs, Starter
from shared.engine.runs.control import RunControl
from shared.engine.runs.progress import assemble
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.undone import of_last_undo
from shared.engine.undo.scope import Written, go_along, written
from shared.engine.undo.tokens import Tokens
from shared.model.ledger import PageRow, PageState
from shared.model.run import Run, RunState, Undo
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Preview:
    """What an undo would take back. ``stays`` are entities of ``scope`` that the target cannot undo.

    ``may_go_along`` are entities that were not chosen, of which the run created records that may refer to those that
    go. ``later`` are runs that may have written since, the newest first: what they changed or deleted stays as it is
    until they are undone. ``token`` confirms all this until ``expires_at``.
    """

    run: Run
    scope: tuple[Written, ...]
    whole: bool
    stays: tuple[str, ...]
    may_go_along: tuple[str, ...]
    later: tuple[str, ...]
    token: str
    expires_at: datetime


@dataclass(slots=True)
class UndoRequests:
    """What people may ask for."""

    jobs: Jobs
    stores: Stores
    control: RunControl
    clock: Clock
    _tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = Tokens(self.stores.shared, self.clock)

    async def preview(self, run_id: str, chosen: Collection[str]) -> Preview:
        """What undoing ``chosen`` entities (all when there are none) takes. Raises ControlError.

        UNKNOWN_RUN; INVALID_STATE while the run works, and when it wrote nothing of them.
        """
        run = await self.control.existing(run_id)
        wrote, scope = await self._scope(run, chosen)
        job = self.jobs.of(run.plan)
        names = [one.entity for one in scope]
        along = go_along(job.plan, _links(job), names)
        token, expires = await self._tokens.issue(run, scope)
        return Preview(
            run,
            scope,
            wrote.keys() <= {*run.undone, *names},
            tuple(name for name in names if not job.target.undoes(name)),
            tuple(name for name in along if name in wrote and wrote[name].created),
            await self._later(run),
            token,
            datetime.fromtimestamp(expires, UTC),
        )

    async def begin(self, run_id: str, chosen: Collection[str], token: str, who: str, starter: Starter) -> Run:
        """Begin what ``token`` confirms. Raises ControlError.

        As ``preview``; TOKEN_STALE; RUN_ALREADY_ACTIVE or TARGET_CHANGED.
        """
        run = await self.control.existing(run_id)
        wrote, scope = await self._scope(run, chosen)
        if not await self._tokens.accept(token, run, scope):
            raise ControlError("TOKEN_STALE", "The token is not of this run as it is now; ask for a new preview")
        names = tuple(one.entity for one in scope)
        finished = run.finished_at.isoformat() if run.finished_at else None
        whole = wrote.keys() <= {*run.undone, *names}
        undo = Undo(names, whole, who, run.state, finished, run.reason, run.message)
        return await self.control.undo(run_id, who, starter, undo, epoch=run.epoch)

    async def _later(self, run: Run) -> tuple[str, ...]:
        runs = await self.stores.runs.list(plan=run.plan)
        since = [one for one in runs if one.left_something and one.started_at > run.started_at]
        return tuple(one.run_id for one in sorted(since, key=lambda one: one.started_at, reverse=True))

    async def _scope(self, run: Run, chosen: Collection[str]) -> tuple[dict[str, Written], tuple[Written, ...]]:
        """All that the run wrote, and what of it is ``chosen``. Raises ControlError INVALID_STATE."""
        plan = self.jobs.plan_of(run.plan)
        rows = await self.stores.ledger.scan(run.run_id)
        entities = await self.stores.ledger.entities(run.run_id)
        progress = assemble(plan, run.entities, run.run_id, entities, rows)
        wrote = written(plan, progress.values()) if run.mode.writes else {}
        scope = tuple(one for one in wrote.values() if not chosen or one.entity in chosen)
        _check(run, scope, chosen)
        if run.state is RunState.ROLLED_BACK and not any(_left(row) for row in of_last_undo(run, rows)):
            raise ControlError("INVALID_STATE", "The run is rolled back already, and nothing was left")
        return wrote, scope


def _left(row: PageRow) -> bool:
    return row.state is PageState.DEAD or row.counts.kept + row.counts.failed > 0


def _check(run: Run, scope: Collection[Written], chosen: Collection[str]) -> None:
    if run.state.works:
        standing = "being rolled back" if run.undo else run.state.value
        raise ControlError("INVALID_STATE", f"A run that is {standing} cannot be rolled back; pause or cancel it first")
    if run.undo is not None:
        raise ControlError("INVALID_STATE", "A rollback of this run is under way and stands still; resume it")
    if not scope:
        what = f" of {', '.join(sorted(chosen))}" if chosen else ""
        raise ControlError("INVALID_STATE", f"The run wrote nothing{what}: there is nothing to roll back")


def _links(job: Job) -> dict[str, frozenset[str]]:
    return {entity: mapping.references for entity, mapping in job.mappings.items()}
