"""Opening the stores: by connection string (Azurite, local) or by identity (Azure)."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from shared.ports.stores import Stores
from shared.storage.azure.blobs import AzureArchive
from shared.storage.azure.idmap import AzureIdMaps
from shared.storage.azure.ledger import AzureLedger
from shared.storage.azure.letters import AzureDeadLetters
from shared.storage.azure.media import AzureMediaStore
from shared.storage.azure.queue import AzureWorkQueue
from shared.storage.azure.runs import AzureRunStore
from shared.storage.azure.shared_rows import AzureSharedRows
from shared.storage.azure.tables import Table

_RETRIES = {
    "retry_total": 3,
    "retry_connect": 3,
    "retry_read": 2,
    "retry_status": 3,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 4,
    "initial_backoff": 1,
    "increment_base": 2,
}


class MeteredTransport(AioHttpTransport):  # type: ignore[misc]  # the SDK hides its type
    """Counts requests by service, retries included; every one is a billed transaction."""

    def __init__(self, counts: Counter[str], service: str) -> None:
        super().__init__(connection_timeout=5, read_timeout=30)
        self._counts = counts
        self._service = service

    async def send(self, request: Any, **options: Any) -> Any:
        """One request, one transaction."""
        self._counts[self._service] += 1
        return await super().send(request, **options)


@asynccontextmanager
async def closing_stores(
    connection: str | None,
    *,
    raw_connection: str | None = None,
    meter: Counter[str] | None = None,
    table_prefix: str = "",
) -> AsyncIterator[Stores]:
    """All stores, with connections that are closed at the end. Nothing is asked of the network here.

    ``connection`` None: by identity, from ``AzureWebJobsStorage__…`` settings. ``raw_connection`` is another account
    for the blobs. ``meter`` counts transactions by service, ``table_prefix`` keeps installations apart. Raises
    ValueError for what is no connection string.
    """
    counts: Counter[str] = Counter() if meter is None else meter
    async with AsyncExitStack() as stack:
        tables, blobs, queues = await _entered(stack, connection, counts)
        if raw_connection:
            _, blobs, _ = await _entered(stack, raw_connection, counts)
        yield _compose((tables, blobs, queues), table_prefix)


_Services = tuple[TableServiceClient, BlobServiceClient, QueueServiceClient]


async def _entered(stack: AsyncExitStack, connection: str | None, counts: Counter[str]) -> _Services:
    services = _services(connection, os.environ, counts)
    for service in services:
        await stack.enter_async_context(service)
    return services


def _compose(services: _Services, table_prefix: str) -> Stores:
    tables, blobs, queues = services

    def named(name: str) -> Table:
        return Table(tables, f"{table_prefix}{name}")

    return Stores(
        runs=AzureRunStore(named("runs"), named("locks"), named("bindings")),
        ledger=AzureLedger(named("ledger"), named("progress")),
        archive=AzureArchive(blobs),
        media=AzureMediaStore(blobs),
        dead_letters=AzureDeadLetters(named("deadletters")),
        queue=AzureWorkQueue(queues),
        shared=AzureSharedRows(named("sharedrows")),
        idmaps=AzureIdMaps(tables, table_prefix),
    )


def _services(connection: str | None, environment: Mapping[str, str], counts: Counter[str]) -> _Services:
    def options(service: str) -> dict[str, Any]:
        return {**_RETRIES, "transport": MeteredTransport(counts, service)}

    if connection:
        return (
            TableServiceClient.from_connection_string(connection, **options("table")),
            BlobServiceClient.from_connection_string(connection, **options("blob")),
            QueueServiceClient.from_connection_string(connection, **options("queue")),
        )
    credential = DefaultAzureCredential(
        managed_identity_client_id=environment.get("AzureWebJobsStorage__clientId") or None
    )
    return (
        TableServiceClient(endpoint=_endpoint(environment, "table"), credential=credential, **options("table")),
        BlobServiceClient(_endpoint(environment, "blob"), credential=credential, **options("blob")),
        QueueServiceClient(_endpoint(environment, "queue"), credential=credential, **options("queue")),
    )


def _endpoint(environment: Mapping[str, str], service: str) -> str:
    """The service's address by the platform's own naming scheme for identity-based connections."""
    if uri := environment.get(f"AzureWebJobsStorage__{service}ServiceUri"):
        return uri
    if account := environment.get("AzureWebJobsStorage__accountName"):
        return f"https://{account}.{service}.core.windows.net"
    raise ValueError("Set AzureWebJobsStorage, or AzureWebJobsStorage__accountName for an identity-based connection")
