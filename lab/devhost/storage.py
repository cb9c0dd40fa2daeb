"""Clients of the storage account, with retries that suit an emulator on the same machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueClient

from lab.devhost.errors import StartError

_RETRIES = 3
# Seconds; the defaults begin at fifteen.
_BACK_OFF: dict[str, Any] = {"initial_backoff": 1, "increment_base": 1, "random_jitter_range": 0}


def open_queue(connection: str, name: str) -> QueueClient:
    """A queue client; the queue need not exist."""
    return QueueClient.from_connection_string(connection, name, retry_total=_RETRIES, **_BACK_OFF)


def open_container(connection: str, name: str) -> ContainerClient:
    """A blob container client; the container need not exist."""
    return ContainerClient.from_connection_string(connection, name, retry_total=_RETRIES, **_BACK_OFF)


def open_table(connection: str, name: str) -> TableClient:
    """A table client; the table need not exist."""
    return TableClient.from_connection_string(connection, name, retry_total=_RETRIES)


async def create_missing(create: Callable[[], Awaitable[object]]) -> None:
    """Create a table or container unless it exists; raises `StartError` when the storage cannot be reached."""
    try:
        with suppress(ResourceExistsError):
            await create()
    except AzureError as error:
        raise StartError(f"the storage account cannot be used: {error}") from error
