"""The undo worker: one message is one call that undoes a page of records, or a page of the id map that follows.

A page commits the one after it. Whatever breaks off is done again: the target's outcomes stay the same, and the id map
is held against the target as it is.
"""

import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace

from shared.engine.clock import Clock
from shared.engine.importing.lookup import References
from shared.engine.job import Jobs
from shared.engine.pages.completing import complete
from shared.engine.pages.holding import Hold, holding
from shared.engine.pages.parking import note_calls, park
from shared.engine.runs.admission import Admission
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.engine.undo.following import Following
from shared.engine.undo.outcomes import KeptIds, blob_of, counted, dump
from shared.engine.undo.rows import next_page, step_of
from shared.model.errors import Conflict, EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.ledger import PageRow, PageState
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.records import Undone
from shared.model.run import Run, Undo
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores


@dataclass(slots=True)
class Undoer:
    """Works on the rows of an undo."""

    jobs: Jobs
    stores: Stores
    admission: Admission
    stopping: Stopping
    references: References
    guard: TargetGuard
    clock: Clock
    _following: Following = field(init=False)

    def __post_init__(self) -> None:
        kept = KeptIds(self.stores.archive, self.stores.ledger)
        self._following = Following(self.jobs, self.stores, self.references, kept, self.clock)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        run = await self.admission.run(message.run_id, message.epoch)
        if run is None or run.undo is None:
            return
        row = await self.stores.ledger.get(message.key)
        if row is None or row.state is not PageState.PENDING:
            return
        with recording() as calls:
            await self._held(run, run.undo, row, calls)

    async def give_up(self, row: PageRow, reason: str) -> None:
        """Go on without a row that nobody can do: what is behind a page stays, and the undo tells of it."""
        dead = replace(row, state=PageState.DEAD, reason=reason, completed_at=self.clock.seconds())
        with contextlib.suppress(Conflict):  # somebody did it after all
            await complete(self.stores.ledger, dead)

    async def _held(self, run: Run, undo: Undo, row: PageRow, calls: Counter[str]) -> None:
        """One attempt; ``calls`` grows by those that are made for it."""
        try:
            async with holding(self.stores.ledger, self.clock, row) as hold:
                following = await self._one(run, undo, hold, calls)
        except (SlowDown, RetryLater) as error:
            wait = await self.stopping.absorb(run, None, error)
            await park(self.stores.ledger, self.clock, row.key, wait, calls=calls)
        except (EntityStopped, RunStopped) as error:
            await self.stopping.absorb(run, None, error)
            await note_calls(self.stores.ledger, row.key, calls)
        except Conflict:
            return  # the row is in other hands, or done: the run's orchestration sees to it
        else:
            if following is not None:
                await self.stores.queue.send(IMPORT_QUEUE, [ImportMessage.of(following.key, run.epoch).dump()])

    async def _one(self, run: Run, undo: Undo, hold: Hold, calls: Counter[str]) -> PageRow | None:
        """Do the row; answers the page that follows, which is in the ledger by then."""
        await self.guard.capabilities(run, self.jobs.of(run.plan))
        items, place = await self._page(run, undo, hold)
        blob, now = blob_of(hold.row), self.clock.seconds()
        await self.stores.archive.put(blob, dump(items))
        done = replace(
            hold.row,
            state=PageState.DONE,
            receipts=blob,
            counts=counted(items),
            calls=merged(hold.row.calls, calls),
            completed_at=now,
        )
        following = None
        if place is not None:
            following = replace(next_page(hold.row, place), enqueued_at=now, enqueued_by=run.epoch)
        await complete(self.stores.ledger, done, [following] if following else [])
        hold.completed = True
        return following

    async def _page(self, run: Run, undo: Undo, hold: Hold) -> tuple[list[Undone], str | None]:
        """What became of the records of a page, and the place where the next one begins."""
        entity, after = hold.row.key.entity, str((hold.row.cursor or {})["after"])

        async def may_write() -> None:
            if not hold.safe or await self.admission.run(run.run_id, run.epoch) is None:
                raise Conflict(hold.row.key.row)

        phase = step_of(hold.row).phase
        if phase is None:
            return await self._following.follow(run, undo, entity, after, may_write)
        page = await self.jobs.of(run.plan).target.undo(entity, run.run_id, phase, after)
        return list(page.items), page.next
