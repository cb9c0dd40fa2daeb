"""Opening the stores: by connection string (Azurite, local) or by identity (Azure)."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from azure.core.exceptions import IncompleteReadError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from shared.ports.evidence import record_transaction
from shared.ports.stores import Stores
from shared.storage.azure.accounts import CONNECTION, RAW_CONNECTION, Account
from shared.storage.azure.blobs import AzureArchive
from shared.storage.azure.idmap import AzureIdMaps
from shared.storage.azure.ledger import AzureLedger
from shared.storage.azure.letters import AzureDeadLetters
from shared.storage.azure.media import AzureMediaStore
from shared.storage.azure.queue import AzureWorkQueue
from shared.storage.azure.runs import AzureRunStore
from shared.storage.azure.shared_rows import AzureSharedRows
from shared.storage.azure.tables import Table
from shared.storage.azure.tombstones import AzureTombstones

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
        """One request, one transaction. Raises ServiceResponseError, which the SDK repeats, for half an answer.

        The client of tables would take the SDK's own error for it, which has no answer, to pieces and break.
        """
        self._counts[self._service] += 1
        record_transaction(self._service)
        try:
            return await super().send(request, **options)
        except IncompleteReadError as error:
            raise ServiceResponseError("the answer was cut short", error=error) from error


@asynccontextmanager
async def closing_stores(
    connection: str | None,
    *,
    raw_connection: str | None = None,
    meter: Counter[str] | None = None,
    table_prefix: str = "",
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Stores]:
    """All stores, with connections that are closed at the end. Nothing is asked of the network here.

    ``connection`` None: by identity, from ``AzureWebJobsStorage__…`` in ``environment``. ``raw_connection`` is another
    account for the blobs, ``PORTAGE_STORAGE__…`` one by identity. ``meter`` counts transactions by service,
    ``table_prefix`` keeps installations apart. Raises ValueError for what is no connection.
    """
    env = os.environ if environment is None else environment
    counts: Counter[str] = Counter() if meter is None else meter
    async with AsyncExitStack() as stack:
        here = Account(CONNECTION, connection, env, stack)
        raw = Account(RAW_CONNECTION, raw_connection, env, stack)
        services = (
            await _entered(stack, here, TableServiceClient, counts),
            await _entered(stack, raw if raw.given else here, BlobServiceClient, counts),
            await _entered(stack, here, QueueServiceClient, counts),
        )
        yield _compose(services, table_prefix)


_Services = tuple[TableServiceClient, BlobServiceClient, QueueServiceClient]
_Client = TypeVar("_Client", TableServiceClient, BlobServiceClient, QueueServiceClient)
_SERVICES = {TableServiceClient: "table", BlobServiceClient: "blob", QueueServiceClient: "queue"}


async def _entered(stack: AsyncExitStack, account: Account, kind: type[_Client], counts: Counter[str]) -> _Client:
    service = _SERVICES[kind]
    options: dict[str, Any] = {**_RETRIES, "transport": MeteredTransport(counts, service)}
    if account.connection:
        client = kind.from_connection_string(account.connection, **options)
    else:
        client = kind(account.endpoint(service), credential=account.credential, **options)
    return await stack.enter_async_context(client)


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
        tombstones=AzureTombstones(named("tombstones")),
        queue=AzureWorkQueue(queues),
        shared=AzureSharedRows(named("sharedrows")),
        idmaps=AzureIdMaps(tables, table_prefix),
    )
