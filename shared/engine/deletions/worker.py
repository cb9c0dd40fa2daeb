"""The worker for rows of the stage ``DELETE``, by their part (see ``shared.engine.runs.missing``).

It follows the rules of the import worker: a row is held while it is worked on, what was found is written before the row
is completed, and a row that breaks off is done again.
"""

import uuid
from dataclasses import asdict, dataclass, field, replace

import orjson

from shared.engine.archive.extracted import RowCache
from shared.engine.clock import Clock
from shared.engine.deletions.deleting import Deleter, Place
from shared.engine.deletions.finding import Finder
from shared.engine.deletions.loosening import Loosener
from shared.engine.importing.lookup import References
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.completing import go_without
from shared.engine.runs.attempting import Attempt, Attempting
from shared.engine.runs.missing import Part
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState
from shared.model.messages import ImportMessage
from shared.ports.stores import Stores


@dataclass(slots=True)
class Remover:
    """Works on what is no longer at the source."""

    jobs: Jobs
    stores: Stores
    attempting: Attempting
    references: References
    source_guard: SourceGuard
    target_guard: TargetGuard
    rows: RowCache
    clock: Clock
    pace: Pace
    _finder: Finder = field(init=False)
    _deleter: Deleter = field(init=False)
    _loosener: Loosener = field(init=False)

    def __post_init__(self) -> None:
        self._finder = Finder(self.stores, self.rows, self.clock)
        self._deleter = Deleter(self.stores, self.references, self.pace)
        self._loosener = Loosener(self.stores, self.clock)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        if (due := await self.attempting.due(message)) is None:
            return
        run, row = due
        following = await self.attempting.attempt(run, row, self._done)
        if following is not None and not following.not_before:
            await self.attempting.wake(run, following)

    async def give_up(self, row: PageRow, reason: str) -> None:
        """What crashes its worker each time is left alone: nothing is deleted that was not found."""
        await go_without(self.stores.ledger, row, reason, at=self.clock.seconds())

    async def _done(self, attempt: Attempt) -> PageRow | None:
        try:
            done, following = await self._one(attempt, self.jobs.of(attempt.run.plan))
        except EntityStopped as error:  # it cannot be found out: nothing is deleted, and the others go on
            now = self.clock.seconds()
            done = replace(attempt.row, state=PageState.DEAD, reason=error.reason.code, completed_at=now)
            following = None
        await attempt.complete(done, following)
        return following

    async def _one(self, attempt: Attempt, job: Job) -> tuple[PageRow, PageRow | None]:
        """The row as it is to be completed, and what follows from it."""
        run, row, cursor = attempt.run, attempt.row, attempt.row.cursor or {}
        entity = row.key.entity
        receipts: str | None = None
        rest: JsonObject | None = None
        pause = 0.0
        match row.key.part:
            case Part.FIND:
                await self.source_guard.check(run, job)
                found, place = await self._finder.find(run, job, entity, str(cursor["after"]))
                counts = Counts(known=found.compared, gone=len(found.gone), unseen=len(found.unseen))
                rest = None if place is None else {"after": place}
                receipts = f"receipts/{run.run_id}/{entity}/gone-{row.key.seq:07d}-{uuid.uuid4().hex[:8]}.json"
                await self.stores.archive.put(receipts, orjson.dumps(asdict(found)))
            case Part.TAKE_OUT:
                counts = await self._deleter.take_out(run, job, entity)
            case Part.LOOSEN:
                counts, place = Counts(), await self._loosener.loosen(run, job, row)
                rest = None if place is None else {**cursor, "after": place}
            case _:
                await self.target_guard.capabilities(run, job)
                last, begin = row.key.part == Part.LAST, Place(**cursor)
                deleted = await self._deleter.delete(run, job, entity, attempt.may_call, begin, last=last)
                counts, pause = deleted.counts, deleted.pause
                rest = None if deleted.rest is None else asdict(deleted.rest)
        now = self.clock.seconds()
        done = replace(row, state=PageState.DONE, counts=counts, receipts=receipts, completed_at=now)
        if rest is None:
            return done, None
        key = replace(row.key, seq=row.key.seq + 1)
        if pause:
            return done, PageRow(key, cursor=rest, not_before=now + pause)
        return done, PageRow(key, cursor=rest, enqueued_at=now, enqueued_by=run.epoch)
