"""The worker for rows of the stage ``DELETE``, by their part (see ``shared.engine.runs.missing``).

It follows the rules of the import worker: a row is held while it is worked on, what was found is written before the row
is completed, and a row that breaks off is done again.
"""

import contextlib
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field, replace

import orjson

from shared.engine.archive.extracted import RowCache
from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.deletions.deleting import Deleter
from shared.engine.deletions.finding import Finder
from shared.engine.deletions.loosening import Loosener
from shared.engine.importing.lookup import References
from shared.engine.job import Job, Jobs
from shared.engine.pages.completing import complete
from shared.engine.pages.holding import Hold, holding
from shared.engine.pages.parking import note_calls, park
from shared.engine.runs.admission import Admission
from shared.engine.runs.missing import Part
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import Conflict, EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores


class _Withdrawn(Exception):
    """The run was paused or ended, or the row is not safely in hand any more: no further call."""


@dataclass(slots=True)
class Remover:
    """Works on what is no longer at the source."""

    jobs: Jobs
    stores: Stores
    admission: Admission
    stopping: Stopping
    references: References
    source_guard: SourceGuard
    target_guard: TargetGuard
    rows: RowCache
    clock: Clock
    _finder: Finder = field(init=False)
    _deleter: Deleter = field(init=False)
    _loosener: Loosener = field(init=False)

    def __post_init__(self) -> None:
        self._finder = Finder(self.stores, self.rows)
        self._deleter = Deleter(self.stores, self.references)
        self._loosener = Loosener(self.stores)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        run = await self.admission.run(message.run_id, message.epoch)
        row = None if run is None else await self.stores.ledger.get(message.key)
        if run is None or row is None or row.state is not PageState.PENDING:
            return
        with recording() as calls:
            following = await self._held(run, row, calls)
        if following is not None:
            await self.stores.queue.send(IMPORT_QUEUE, [ImportMessage.of(following.key, run.epoch).dump()])

    async def give_up(self, row: PageRow, reason: str) -> None:
        """What crashes its worker each time is left alone: nothing is deleted that was not found."""
        dead = replace(row, state=PageState.DEAD, reason=reason, completed_at=self.clock.seconds())
        with contextlib.suppress(Conflict):  # somebody did it after all
            await complete(self.stores.ledger, dead)

    async def _held(self, run: Run, row: PageRow, calls: Counter[str]) -> PageRow | None:
        """One attempt; answers the row that follows from it, if any."""
        try:
            async with holding(self.stores.ledger, self.clock, row) as hold:
                done, following = await self._one(run, self.jobs.of(run.plan), hold)
                done = replace(done, etag=hold.row.etag, held_by=hold.row.held_by, calls=merged(hold.row.calls, calls))
                await complete(self.stores.ledger, done, [following] if following else [])
                hold.completed = True
                return following
        except (SlowDown, RetryLater) as error:
            wait = await self.stopping.absorb(run, None, error)
            await park(self.stores.ledger, self.clock, row.key, wait, calls=calls)
        except (EntityStopped, RowsLost) as error:
            await self.give_up(replace(row, calls=merged(row.calls, calls)), error.reason.code)
        except RunStopped as error:
            await self.stopping.absorb(run, None, error)
            await note_calls(self.stores.ledger, row.key, calls)
        except (Conflict, _Withdrawn):
            pass  # the row is in other hands, or nobody's: the run's orchestration sees to it
        return None

    async def _one(self, run: Run, job: Job, hold: Hold) -> tuple[PageRow, PageRow | None]:
        """The row as it is to be completed, and what follows from it."""
        row, cursor = hold.row, hold.row.cursor or {}
        entity = row.key.entity

        async def may_call() -> None:
            if not hold.safe or await self.admission.run(run.run_id, run.epoch) is None:
                raise _Withdrawn

        receipts: str | None = None
        rest: JsonObject | None = None
        match row.key.part:
            case Part.FIND:
                await self.source_guard.check(run, job)
                found, place = await self._finder.find(run, job, entity, str(cursor["after"]), self.clock.now())
                counts = Counts(known=found.compared, gone=len(found.gone), unseen=len(found.unseen))
                rest = None if place is None else {"after": place}
                receipts = f"receipts/{run.run_id}/{entity}/gone-{row.key.seq:07d}-{uuid.uuid4().hex[:8]}.json"
                await self.stores.archive.put(receipts, orjson.dumps(asdict(found)))
            case Part.TAKE_OUT:
                counts = await self._deleter.take_out(run, job, entity)
            case Part.LOOSEN:
                counts, place = Counts(), await self._loosener.loosen(run, entity, row)
                rest = None if place is None else {"after": place}
            case _:
                await self.target_guard.capabilities(run, job)
                counts, more = await self._deleter.delete(run, job, entity, may_call)
                rest = {} if more else None
        now = self.clock.seconds()
        done = replace(row, state=PageState.DONE, counts=counts, receipts=receipts, completed_at=now)
        if rest is None:
            return done, None
        key = replace(row.key, seq=row.key.seq + 1)
        return done, PageRow(key, cursor=rest, enqueued_at=now, enqueued_by=run.epoch)
