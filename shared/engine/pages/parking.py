"""Parking: a row that cannot be worked on now waits for its next wake-up, and keeps no worker."""

import random
from dataclasses import replace

from shared.engine.clock import Clock
from shared.engine.pages.pending import change_pending
from shared.model.ledger import Counts, PageKey, PageRow
from shared.ports.evidence import merged
from shared.ports.stores import Ledger

_SPREAD = 2.0


async def park(
    ledger: Ledger,
    clock: Clock,
    key: PageKey,
    seconds: float,
    *,
    holder: str | None = None,
    attempts: int = 0,
    transient: int = 0,
    answered: bool = True,
    calls: dict[str, int] | None = None,
) -> None:
    """Let the row wait ``seconds`` (and a moment longer, so that those who wait for the same do not come all at once).

    ``attempts``, ``calls`` and ``transient`` failures are added to its own.

    Without ``answered`` nobody knows why it has to wait: the wake-ups that it took go on to count.

    A row that is done, or held by somebody else than ``holder``, is left alone. Somebody who marks the row meanwhile
    does not undo the parking: it is tried again, and only a store that keeps changing loses to the watchdog.
    """

    def parked(row: PageRow) -> PageRow:
        later = clock.seconds() + seconds + random.uniform(0.0, min(seconds / 2, _SPREAD))
        return replace(
            row,
            enqueued_at=None,
            wakes=0 if answered else row.wakes,
            not_before=later,
            held_by=None,
            held_until=0.0,
            attempts=row.attempts + attempts,
            counts=row.counts + Counts(transient=transient),
            calls=merged(row.calls, calls or {}),
        )

    await change_pending(ledger, key, holder, parked)


async def note_calls(ledger: Ledger, key: PageKey, calls: dict[str, int]) -> None:
    """Add the ``calls`` that were made in vain for a row that has to stay as it is; as ``park`` does it."""
    if calls:
        await change_pending(ledger, key, None, lambda row: replace(row, calls=merged(row.calls, calls)))
