"""A second try for what failed in passing: a survey takes seconds, and is worth a few more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.model.errors import PortageError, RetryLater, SlowDown

_PAUSE = 1.0
_LONGEST_PAUSE = 5.0

Answer = TypeVar("Answer")


async def asked_twice(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What ``ask`` answers, at the second try if need be. Raises what it raises then, or what does not pass."""
    try:
        return await ask()
    except (RetryLater, SlowDown) as error:
        await asyncio.sleep(min(error.retry_after or _PAUSE, _LONGEST_PAUSE))
        return await ask()


def passes(error: PortageError | None) -> bool:
    """Whether it may go well the next time."""
    return isinstance(error, RetryLater | SlowDown)
