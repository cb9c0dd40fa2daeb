"""Several rounds of calls in one read: a page of few records costs storage as much as one of many."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from shared.model.errors import RetryLater, SlowDown

Parent = TypeVar("Parent")

ENOUGH_SECONDS = 15.0
"""When no further round begins: one more may take the portal's 60 s, and what a read was told is lost if it dies."""


async def rounds(
    parents: Sequence[Parent], size: Callable[[], int], ask: Callable[[Sequence[Parent]], Awaitable[None]]
) -> int:
    """How many of ``parents`` were asked about, ``size()`` of them (at least one) in each round.

    Trouble in the first round is raised; later trouble ends the read, and the next one begins there.
    """
    until = time.monotonic() + ENOUGH_SECONDS
    taken = 0
    while taken < len(parents) and (not taken or time.monotonic() < until):
        some = parents[taken : taken + max(1, size())]
        try:
            await ask(some)
        except (RetryLater, SlowDown):
            if not taken:
                raise
            break
        taken += len(some)
    return taken
