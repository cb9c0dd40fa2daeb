"""One queue trigger: fetch, lease, call, then delete, release or poison, with the WebJobs listener's rules."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.functions import meta
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from lab.devhost.functions import IndexedFunction
from lab.devhost.hostjson import QueueConfig
from lab.devhost.invocation import InvocationError
from lab.devhost.queues.wire import UndecodableMessageError, decode_body, trigger_data, trigger_metadata
from lab.devhost.settings import connection_string, expand
from lab.devhost.storage import open_queue

log = logging.getLogger(__name__)

_LAST_FETCH_SECONDS = 5.0
_SHORTEST_POLL = 0.1
_POISON = "-poison"
# What storage answers when another pop receipt is in force or the message is gone.
_TAKEN_OVER = frozenset({400, 404})

Call = Callable[[IndexedFunction, meta.Datum, dict[str, meta.Datum]], Awaitable[object]]


class QueueListener:
    """Feeds one function from one queue.

    At most `batch_size + new_batch_threshold` messages are in flight; a new batch is fetched when as many as the
    threshold are left. The lease is `lease_seconds`, renewed at half while the function runs.
    """

    def __init__(
        self,
        function: IndexedFunction,
        queue: QueueClient,
        poison: QueueClient | None,
        config: QueueConfig,
        lease_seconds: float,
        call: Call,
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._config = config
        self._lease = max(1, round(lease_seconds))
        self._call = call
        self._in_flight: dict[asyncio.Task[None], _Lease] = {}
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[bool] | None = None

    def start(self) -> None:
        """Begin to listen; a queue that does not exist yet is waited for, not created."""
        self._loop_task = asyncio.create_task(self._listen())

    def stop_fetching(self) -> None:
        """Take no further message."""
        if self._loop_task is not None:
            self._loop_task.cancel()

    async def stop(self, grace_seconds: float) -> None:
        """Let calls end within the grace period; then cancel them and make their messages visible at once."""
        self.stop_fetching()
        if self._loop_task is not None:
            await asyncio.gather(self._loop_task, return_exceptions=True)
        if self._fetching is not None:
            await asyncio.wait([self._fetching], timeout=_LAST_FETCH_SECONDS)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=grace_seconds)
        left = list(self._in_flight.items())
        for task, _ in left:
            task.cancel()
        await asyncio.gather(*(task for task, _ in left), return_exceptions=True)
        for _, lease in left:
            await lease.release(0)
        await self._queue.close()
        if self._poison is not None:
            await self._poison.close()

    async def _listen(self) -> None:
        delay = _SHORTEST_POLL
        longest = max(_SHORTEST_POLL, self._config.max_polling_interval.total_seconds())
        while True:
            if len(self._in_flight) > self._config.new_batch_threshold:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._fetching = asyncio.create_task(self._fetch())
            found = await asyncio.shield(self._fetching)  # what the queue gave while we were stopped is handed back
            if found:
                delay = _SHORTEST_POLL
                continue
            self._wake.clear()
            delay = min(longest, delay * random.uniform(1.2, 2.0))
            await asyncio.sleep(delay)

    async def _fetch(self) -> bool:
        found = False
        try:
            pages = self._queue.receive_messages(
                max_messages=self._config.batch_size,
                messages_per_page=self._config.batch_size,
                visibility_timeout=self._lease,
            )
            async for message in pages:
                found = True
                lease = _Lease(self._queue, message, self._lease)
                task = asyncio.create_task(self._process(message, lease))
                self._in_flight[task] = lease
                task.add_done_callback(self._ended)
        except ResourceNotFoundError:
            return False
        except AzureError as error:
            log.warning("the queue %s cannot be read: %s", self._queue.queue_name, error)
        return found

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a message of %s could not be settled", self._queue.queue_name, exc_info=error)

    async def _process(self, message: QueueMessage, lease: _Lease) -> None:
        attempts = message.dequeue_count or 0
        if attempts > self._config.max_dequeue_count:
            await self._to_poison(message, lease)
            return
        renewal = asyncio.create_task(lease.keep())
        try:
            succeeded = await self._run(message)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
        if succeeded:
            await lease.delete()
        elif attempts >= self._config.max_dequeue_count:
            await self._to_poison(message, lease)
        else:
            await lease.release(int(self._config.visibility_timeout.total_seconds()))

    async def _run(self, message: QueueMessage) -> bool:
        try:
            body = decode_body(str(message.content), base64_encoding=self._config.base64)
            await self._call(self._function, trigger_data(body), trigger_metadata(message))
        except UndecodableMessageError as error:
            log.warning("function %s: %s", self._function.name, error)
            return False
        except InvocationError as error:
            error.log(self._function.name)
            return False
        return True

    async def _to_poison(self, message: QueueMessage, lease: _Lease) -> None:
        if self._poison is None:
            log.error("a message of %s is given up; a poison queue has none of its own", self._queue.queue_name)
        else:
            try:
                await self._poison.send_message(message.content)
            except ResourceNotFoundError:
                await self._poison.create_queue()
                await self._poison.send_message(message.content)
            log.error("a message of %s went to %s", self._queue.queue_name, self._poison.queue_name)
        await lease.delete()


def open_listener(function: IndexedFunction, config: QueueConfig, lease_seconds: float, call: Call) -> QueueListener:
    """The listener of a queue function; raises `StartError` when its connection or queue name cannot be resolved."""
    connection = connection_string(str(function.trigger.properties.get("connection") or ""))
    name = expand(str(function.trigger.properties["queueName"]))
    queue = open_queue(connection, name)
    # A queue that is itself a poison queue has none.
    poison = None if name.endswith(_POISON) else open_queue(connection, f"{name}{_POISON}")
    return QueueListener(function, queue, poison, config, lease_seconds, call)


class _Lease:
    """Our hold on one message. A hold that someone else has taken over is let go silently: duplicates are possible."""

    def __init__(self, queue: QueueClient, message: QueueMessage, seconds: int) -> None:
        self._queue = queue
        self._id = message.id
        self._receipt = message.pop_receipt
        self._seconds = seconds

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 2)
            try:
                await self._extend(self._seconds)
            except HttpResponseError as error:
                if error.status_code in _TAKEN_OVER:
                    return
                log.warning("the lease of a message of %s was not renewed: %s", self._queue.queue_name, error.reason)
            except AzureError:
                log.warning("the lease of a message of %s was not renewed", self._queue.queue_name)

    async def _extend(self, seconds: int) -> None:
        answer = await self._queue.update_message(self._id, pop_receipt=self._receipt, visibility_timeout=seconds)
        self._receipt = answer.pop_receipt

    async def release(self, seconds: int) -> None:
        try:
            await self._extend(seconds)
        except AzureError:
            log.debug("a message of %s is not ours any more", self._queue.queue_name)

    async def delete(self) -> None:
        try:
            await self._queue.delete_message(self._id, self._receipt)
        except HttpResponseError as error:
            if error.status_code not in _TAKEN_OVER:
                raise
            log.debug("a message of %s is not ours any more", self._queue.queue_name)
