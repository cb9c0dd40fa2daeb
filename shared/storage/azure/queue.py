"""The queues that wake workers up; base64, as the Functions host expects by default."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from shared.storage.azure.faults import translated

_NEVER = -1
_PARALLEL = 8


@dataclass(slots=True)
class AzureWorkQueue:
    """See ``shared.ports.stores.WorkQueue``."""

    service: QueueServiceClient
    _clients: dict[str, QueueClient] = field(default_factory=dict)

    async def send(self, queue: str, messages: Sequence[str], *, delay: float = 0.0) -> None:
        """Add messages that never expire."""
        if not messages:
            return
        client = await self._client(queue)
        limit = asyncio.Semaphore(_PARALLEL)

        async def one(text: str) -> None:
            async with limit:
                await client.send_message(text, visibility_timeout=int(delay) or None, time_to_live=_NEVER)

        with translated(queue):
            await asyncio.gather(*(one(text) for text in messages))

    async def length(self, queue: str) -> int:
        """How many messages there are, those in hand included. The service never tells fewer than there are."""
        client = await self._client(queue)
        with translated(queue):
            properties = await client.get_queue_properties()
        return int(properties.approximate_message_count or 0)

    async def clear(self, queue: str) -> None:
        """Delete all messages."""
        client = await self._client(queue)
        with translated(queue):
            await client.clear_messages()

    async def _client(self, queue: str) -> QueueClient:
        if queue not in self._clients:
            client = self.service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())
            with translated(queue), contextlib.suppress(ResourceExistsError):
                await client.create_queue()
            self._clients[queue] = client
        return self._clients[queue]
