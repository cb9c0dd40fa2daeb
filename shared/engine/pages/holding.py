"""Holding a slice: nobody else writes its records while this worker may still do so.

A held row names its worker until a moment in the near future, which a heartbeat moves on. Whoever finds it held leaves
it alone, another generation and the next run of the plan included: an older worker that is late could otherwise put
its version over theirs. A worker that lost its hold (it was frozen, or storage was out) starts no further call.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from shared.engine.clock import Clock
from shared.engine.pages.parking import park
from shared.model.errors import Conflict, RetryLater
from shared.model.ledger import PageRow, PageState
from shared.ports.stores import Ledger

HOLD_SECONDS = 30.0
_BEAT_SECONDS = 10.0
_MARGIN_SECONDS = 5.0
"""Clocks of two processes may differ by this much."""

_ATTEMPTS = 5


def is_held(row: PageRow, now: float) -> bool:
    """Whether some worker may still write the records of ``row``."""
    return row.state is PageState.PENDING and row.held_by is not None and row.held_until + _MARGIN_SECONDS > now


@dataclass(slots=True)
class Hold:
    """A slice in this worker's hands. ``row`` is as it was last written; ``completed`` is for its worker to set."""

    row: PageRow
    ledger: Ledger
    clock: Clock
    token: str
    completed: bool = False
    _renewed: float = field(init=False)

    def __post_init__(self) -> None:
        self._renewed = self.clock.monotonic()

    @property
    def safe(self) -> bool:
        """Whether a call may be started now."""
        return self.clock.monotonic() - self._renewed < HOLD_SECONDS - _BEAT_SECONDS

    async def renew(self) -> None:
        """Move the end of the hold on. Raises Conflict when somebody else has the row."""
        for _ in range(_ATTEMPTS):
            begun = self.clock.monotonic()
            until = self.clock.seconds() + HOLD_SECONDS
            try:
                self.row = await self.ledger.update(replace(self.row, held_until=until))
            except Conflict:
                current = await self.ledger.get(self.row.key)
                if current is None or current.held_by != self.token:
                    break
                self.row = current
            else:
                self._renewed = begun
                return
        self._renewed = float("-inf")
        raise Conflict(self.row.key.row)

    async def beat(self) -> None:
        """Renew for as long as the slice is in hand; stops when the hold is lost."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                await self.renew()
            except RetryLater:
                continue  # storage stumbles: ``safe`` turns false by itself if it goes on
            except Conflict:
                return


@asynccontextmanager
async def holding(ledger: Ledger, clock: Clock, row: PageRow) -> AsyncIterator[Hold]:
    """Take ``row`` and keep it. Raises Conflict when somebody else holds it or did its work.

    Whoever leaves without completing the row gives it back, so that it can be woken up at once.
    """
    token = uuid.uuid4().hex
    hold = Hold(await _taken(ledger, clock, row, token), ledger, clock, token)
    beating = asyncio.create_task(hold.beat())
    try:
        yield hold
    finally:
        beating.cancel()
        if not hold.completed:
            await park(ledger, clock, row.key, 0.0, holder=token)


async def _taken(ledger: Ledger, clock: Clock, row: PageRow, token: str) -> PageRow:
    """The row in the hands of ``token``.

    The wake-up that brought the worker here is noted in the row after it was sent, so the row may change under the
    worker's hands. That is no reason to leave: nobody else would come.
    """
    for _ in range(_ATTEMPTS):
        if is_held(row, clock.seconds()):
            break
        try:
            return await ledger.update(replace(row, held_by=token, held_until=clock.seconds() + HOLD_SECONDS))
        except Conflict:
            current = await ledger.get(row.key)
            if current is None or current.state is not PageState.PENDING:
                break
            if current.held_by == token:
                return current  # the answer got lost, and the wake-up was noted since
            row = current
    raise Conflict(row.key.row)
