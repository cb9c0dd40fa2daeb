"""Attempts: a worker takes a row of the ledger in hand, and what becomes of the row when that fails.

The worker says what is special about its rows; this is the same for all of them. An attempt that ends with

- ``Deferred``: the row waits as its worker says, and that attempt counts;
- ``SlowDown`` or ``RetryLater``: the row waits as the limit or the outage says, and no attempt is used up;
- ``EntityStopped`` or ``RunStopped``: the entity is blocked or the run halts, and the row stays as it is;
- ``Conflict`` or ``Withdrawn``: the row is in other hands, or nobody's; the run's orchestration sees to it;
- anything else, which is a defect of ours: the row waits, longer each time, and the error is raised, so that the
  message comes back until it is a poisoned one.

When storage is out nothing can be written down: ``RetryLater`` is raised, and the message comes back by itself.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from shared.engine.clock import Clock
from shared.engine.pages.completing import complete
from shared.engine.pages.holding import Hold, holding
from shared.engine.pages.parking import note_calls, park
from shared.engine.pauses import DEFECT
from shared.engine.runs.admission import Admission
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict, EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.ledger import PageRow, PageState
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Ledger, Stores


class Withdrawn(Exception):
    """The run was paused or ended, or the row is not safely in hand any more: no further call."""


class Deferred(Exception):
    """The row is to be tried again in so many ``seconds``; ``failures`` of its records may have passed by then."""

    def __init__(self, seconds: float, failures: int = 0) -> None:
        super().__init__(seconds, failures)
        self.seconds = seconds
        self.failures = failures


@dataclass(slots=True)
class Attempt:
    """A row in hand. ``calls`` grows by those that are made for it."""

    run: Run
    hold: Hold
    calls: Counter[str]
    ledger: Ledger
    admission: Admission

    @property
    def row(self) -> PageRow:
        """The row as it was last written."""
        return self.hold.row

    async def may_call(self) -> None:
        """To be asked before each call. Raises Withdrawn when it must not be made."""
        if not self.hold.safe or await self.admission.run(self.run.run_id, self.run.epoch) is None:
            raise Withdrawn

    async def complete(self, done: PageRow, following: PageRow | None = None) -> None:
        """Commit ``done``, with the calls made for it, and the row that follows. Raises Conflict when it is lost."""
        row = self.hold.row
        done = replace(done, calls=merged(row.calls, self.calls), etag=row.etag, held_by=row.held_by)
        await complete(self.ledger, done, [following] if following else [])
        self.hold.completed = True


Work = Callable[[Attempt], Awaitable[PageRow | None]]
"""Works on a row in hand; answers the row that follows from it and is in the ledger by then, if any."""


@dataclass(frozen=True, slots=True)
class Attempting:
    """Makes attempts at rows that one message at a time wakes up."""

    stores: Stores
    admission: Admission
    stopping: Stopping
    clock: Clock

    async def due(self, message: ImportMessage) -> tuple[Run, PageRow] | None:
        """The run and the row that ``message`` is about; None when its worker may not act, or has nothing to do."""
        run = await self.admission.run(message.run_id, message.epoch)
        row = None if run is None else await self.stores.ledger.get(message.key)
        if run is None or row is None or row.state is not PageState.PENDING:
            return None
        return run, row

    async def attempt(self, run: Run, row: PageRow, work: Work, *, entity: str | None = None) -> PageRow | None:
        """Do ``work`` on ``row``; answers what it answers, or None when the row is not done.

        ``entity`` is blocked by what stops an entity; without it, the run halts.
        """
        with recording() as calls:
            parked = partial(park, self.stores.ledger, self.clock, row.key, calls=calls)
            try:
                async with holding(self.stores.ledger, self.clock, row) as hold:
                    return await work(Attempt(run, hold, calls, self.stores.ledger, self.admission))
            except Deferred as wait:
                await parked(wait.seconds, attempts=1, transient=wait.failures)
            except (SlowDown, RetryLater) as error:
                await parked(await self.stopping.absorb(run, entity, error))
            except (EntityStopped, RunStopped) as error:
                await self.stopping.absorb(run, entity, error)
                await note_calls(self.stores.ledger, row.key, calls)
            except (Conflict, Withdrawn):
                pass
            except Exception:
                # Without a pause each tick would send a message more.
                await parked(DEFECT.after(row.attempts), attempts=1, answered=False)
                raise
        return None

    async def wake(self, run: Run, row: PageRow) -> None:
        """Send the wake-up of a row that followed from another one."""
        await self.stores.queue.send(IMPORT_QUEUE, [ImportMessage.of(row.key, run.epoch).dump()])
