"""Messages of one instance that wait for an episode, and which of them go into the next one."""

from __future__ import annotations

import asyncio
from collections import deque

from lab.devhost.durable.history import EventType
from lab.devhost.durable.state import Message

_CONTROL = frozenset({EventType.EXECUTION_TERMINATED, EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED})


def is_control(message: Message) -> bool:
    """Whether a message steers the instance (terminate, suspend, resume) instead of reaching its code."""
    return message.event is not None and message.event["EventType"] in _CONTROL


class Mailbox:
    """First in, first out; a batch holds at most `limit` messages, a control message is a batch of its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: deque[Message] = deque()
        self._arrival = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, message: Message) -> None:
        """Append a message and wake whoever waits."""
        self._queue.append(message)
        self._arrival.set()

    def put_back(self, batch: list[Message]) -> None:
        """Return a batch whose episode was aborted to the front."""
        self._queue.extendleft(reversed(batch))

    def wake(self) -> None:
        """End a wait without a message."""
        self._arrival.set()

    async def wait(self) -> None:
        """Wait for a message that was not there at the last call."""
        await self._arrival.wait()
        self._arrival.clear()

    def waiting(self) -> list[Message]:
        """All messages, left in place."""
        return list(self._queue)

    def take(self) -> list[Message]:
        """The next batch, empty when there is none."""
        batch: list[Message] = []
        while self._queue and len(batch) < self._limit:
            if is_control(self._queue[0]) and batch:
                return batch
            batch.append(self._queue.popleft())
            if is_control(batch[0]):
                return batch
        return batch

    def take_control(self) -> list[Message]:
        """The first control message on its own, empty when there is none; the rest waits (suspended instances)."""
        control = next((message for message in self._queue if is_control(message)), None)
        if control is None:
            return []
        self._queue.remove(control)
        return [control]

    def starts_with_control(self) -> bool:
        """Whether the next batch would be a control message."""
        return bool(self._queue) and is_control(self._queue[0])
