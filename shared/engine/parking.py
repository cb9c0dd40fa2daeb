"""Parking: a row that cannot be worked on now waits for its next wake-up, and keeps no worker."""

import random
from dataclasses import replace

from shared.engine.clock import Clock
from shared.model.errors import Conflict
from shared.model.ledger import PageKey, PageState
from shared.ports.evidence import merged
from shared.ports.stores import Ledger

_ATTEMPTS = 8
_SPREAD = 2.0


async def park(
    ledger: Ledger,
    clock: Clock,
    key: PageKey,
    seconds: float,
    *,
    holder: str | None = None,
    attempts: int = 0,
    calls: dict[str, int] | None = None,
) -> None:
    """Let the row wait ``seconds`` (and a moment longer, so that those who wait for the same do not come all at once).

    ``attempts`` and ``calls`` are added to its own.

    A row that is done, or held by somebody else than ``holder``, is left alone. Somebody who marks the row meanwhile
    does not undo the parking: it is tried again, and only a store that keeps changing loses to the watchdog.
    """
    for _ in range(_ATTEMPTS):
        row = await ledger.get(key)
        if row is None or row.state is not PageState.PENDING or row.held_by not in (None, holder):
            return
        later = clock.seconds() + seconds + random.uniform(0.0, min(seconds / 2, _SPREAD))
        parked = replace(
            row,
            enqueued_at=None,
            not_before=later,
            held_by=None,
            held_until=0.0,
            attempts=row.attempts + attempts,
            calls=merged(row.calls, calls or {}),
        )
        try:
            await ledger.update(parked)
        except Conflict:
            continue
        return
