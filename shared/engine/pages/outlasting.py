"""Outlasting storage: a message whose worker cannot reach the stores is sent again, later, and used up no attempt.

Left to the queue it would come back after each failure with a higher dequeue count, and a few minutes of a store that
stumbles would make a good page a poisoned one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from shared.engine.pages.solitude import Solitude
from shared.model.errors import RetryLater
from shared.ports.stores import WorkQueue

_PAUSE_SECONDS = 10.0


@dataclass(slots=True)
class Outlasting:
    """Runs workers."""

    queue: WorkQueue
    pause: float = _PAUSE_SECONDS
    solitude: Solitude = field(default_factory=Solitude)

    async def work(self, queue: str, message: str, work: Callable[[], Awaitable[None]], *, alone: bool = False) -> None:
        """Do ``work``; when storage is out, put ``message`` back on ``queue`` as a new one.

        What is done ``alone`` waits until nothing else is in hand in this process. Raises what else goes wrong, and
        RetryLater when the queue is out as well.
        """
        try:
            async with self.solitude.alone() if alone else self.solitude.among_others():
                await work()
        except RetryLater as error:
            if error.system != "storage":
                raise
            await asyncio.sleep(random.uniform(0.0, min(1.0, self.pause)))
            await self.queue.send(queue, [message], delay=self.pause * random.uniform(1.0, 1.5))
