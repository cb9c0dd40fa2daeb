"""The undo worker: one message is one call that undoes a page of records, or a page of the id map that follows.

A page commits the one after it. Whatever breaks off is done again: the target's outcomes stay the same, and the id map
is held against the target as it is.
"""

from dataclasses import dataclass, field, replace

from shared.engine.clock import Clock
from shared.engine.importing.lookup import References
from shared.engine.job import Jobs
from shared.engine.pages.completing import go_without
from shared.engine.runs.attempting import Attempt, Attempting
from shared.engine.runs.targets import TargetGuard
from shared.engine.undo.following import Following
from shared.engine.undo.outcomes import KeptIds, blob_of, counted, dump
from shared.engine.undo.rows import next_page, step_of
from shared.model.ledger import PageRow, PageState
from shared.model.messages import ImportMessage
from shared.model.records import Undone
from shared.model.run import Undo
from shared.ports.stores import Stores


@dataclass(slots=True)
class Undoer:
    """Works on the rows of an undo."""

    jobs: Jobs
    stores: Stores
    attempting: Attempting
    references: References
    guard: TargetGuard
    clock: Clock
    _following: Following = field(init=False)

    def __post_init__(self) -> None:
        kept = KeptIds(self.stores.archive, self.stores.ledger)
        self._following = Following(self.jobs, self.stores, self.references, kept, self.clock)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        due = await self.attempting.due(message)
        if due is None or (undo := due[0].undo) is None:
            return
        run, row = due
        following = await self.attempting.attempt(run, row, lambda attempt: self._one(attempt, undo))
        if following is not None:
            await self.attempting.wake(run, following)

    async def give_up(self, row: PageRow, reason: str) -> None:
        """Go on without a row that nobody can do: what is behind a page stays, and the undo tells of it."""
        await go_without(self.stores.ledger, row, reason, at=self.clock.seconds())

    async def _one(self, attempt: Attempt, undo: Undo) -> PageRow | None:
        """Do the row; answers the page that follows, which is in the ledger by then."""
        run = attempt.run
        await self.guard.capabilities(run, self.jobs.of(run.plan))
        items, place = await self._page(attempt, undo)
        row, now = attempt.row, self.clock.seconds()
        blob = blob_of(row)
        await self.stores.archive.put(blob, dump(items))
        done = replace(row, state=PageState.DONE, receipts=blob, counts=counted(items), completed_at=now)
        following = None
        if place is not None:
            following = replace(next_page(row, place), enqueued_at=now, enqueued_by=run.epoch)
        await attempt.complete(done, following)
        return following

    async def _page(self, attempt: Attempt, undo: Undo) -> tuple[list[Undone], str | None]:
        """What became of the records of a page, and the place where the next one begins."""
        run, row = attempt.run, attempt.row
        entity, after = row.key.entity, str((row.cursor or {})["after"])
        phase = step_of(row).phase
        if phase is None:
            return await self._following.follow(run, undo, entity, after, attempt.may_call)
        page = await self.jobs.of(run.plan).target.undo(entity, run.run_id, phase, after)
        return list(page.items), page.next
