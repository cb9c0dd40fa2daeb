"""Queue output bindings."""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError
from azure.functions import meta
from azure.storage.queue.aio import QueueClient

from lab.devhost.functions import Binding, IndexedFunction
from lab.devhost.invocation import Result
from lab.devhost.queues.wire import encode_body, output_bodies
from lab.devhost.settings import connection_string, expand
from lab.devhost.storage import open_queue


class QueueOutputs:
    """Sends what functions put in `queue` bindings; queues are created on demand, as the binding does."""

    def __init__(self, *, base64_encoding: bool) -> None:
        self._base64 = base64_encoding
        self._clients: dict[tuple[str, str], QueueClient] = {}

    async def send(self, function: IndexedFunction, result: Result) -> None:
        """Send every queue output of one call; raises `ValueError` for a message beyond 64 KiB."""
        for binding in function.outputs:
            if binding.kind == "queue" and binding.name in result.outputs:
                await self._send(binding, result.outputs[binding.name])
        if function.returned is not None and function.returned.kind == "queue" and result.returned is not None:
            await self._send(function.returned, result.returned)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()

    async def _send(self, binding: Binding, datum: meta.Datum) -> None:
        client = self._client(str(binding.properties["connection"]), expand(str(binding.properties["queueName"])))
        for body in output_bodies(datum):
            text = encode_body(body, base64_encoding=self._base64)
            try:
                await client.send_message(text)
            except ResourceNotFoundError:
                await client.create_queue()
                await client.send_message(text)

    def _client(self, connection: str, queue: str) -> QueueClient:
        key = (connection, queue)
        if key not in self._clients:
            self._clients[key] = open_queue(connection_string(connection), queue)
        return self._clients[key]
