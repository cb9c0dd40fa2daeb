"""Waking workers up: messages for rows that are to be worked on, as many as the windows allow.

A wake-up sent twice does no harm: it does nothing when its row is done.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.job import Pace
from shared.engine.pages.holding import is_held
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.messages import ExtractMessage, ImportMessage
from shared.model.run import Run
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Waking:
    """Tops a queue up."""

    stores: Stores
    clock: Clock
    pace: Pace

    async def wake(
        self, run: Run, queue: str, rows: Sequence[PageRow], *, out: bool, early: Set[PageKey] = frozenset()
    ) -> int:
        """Send wake-ups for pending ``rows`` and note it on them; answers how many.

        ``out`` says that the side which they wait for is out: then a few go and try. Slices that are ``early`` are
        looked at before their turn.
        """
        window = self.pace.probes if out else self.pace.window
        due = self._due(run, rows, window, await self._heeded_for(run, queue, rows))
        await self.stores.queue.send(queue, [_message(row, run.epoch, early) for row in due])
        now = self.clock.seconds()
        await self.stores.ledger.mark([_woken_up(row, now, run.epoch) for row in due])
        return len(due)

    async def _heeded_for(self, run: Run, queue: str, rows: Sequence[PageRow]) -> float:
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

    def _due(self, run: Run, rows: Sequence[PageRow], window: int, heeded_for: float) -> list[PageRow]:
        """Rows to wake up now: those without a wake-up of this generation that may still be heeded."""
        now = self.clock.seconds()
        woken = _woken(run, rows, now, heeded_for)
        ready = [row for row in rows if row.state is PageState.PENDING and row.key not in woken]
        return [row for row in ready if row.not_before <= now][: max(0, window - len(woken))]


def _woken(run: Run, rows: Sequence[PageRow], now: float, heeded_for: float) -> set[PageKey]:
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


def _woken_up(row: PageRow, now: float, epoch: int) -> PageRow:
    wakes = row.wakes + 1 if row.enqueued_by == epoch else 1
    return replace(row, enqueued_at=now, enqueued_by=epoch, wakes=wakes)


def _message(row: PageRow, epoch: int, early: Set[PageKey]) -> str:
    if row.key.stage is Stage.EXTRACT:
        return ExtractMessage(row.key.run_id, epoch, row.key.entity, row.key.range_no).dump()
    return ImportMessage.of(row.key, epoch, early=row.key in early).dump()
