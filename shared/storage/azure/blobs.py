"""Blobs, gzip'd. The first part of a name is its container."""

import asyncio
import contextlib
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobServiceClient

from shared.storage.azure.faults import translated

_LEVEL = 1
"""JSON shrinks to a tenth at level 1 already; higher levels cost CPU that the worker needs."""

_OFFLOAD = 256 * 1024


@dataclass(slots=True)
class AzureArchive:
    """See ``shared.ports.stores.Archive``."""

    service: BlobServiceClient
    _containers: set[str] = field(default_factory=set)

    async def put(self, name: str, content: bytes) -> None:
        """Write a blob."""
        container, _, path = name.partition("/")
        packed = await _aside(_pack, content)
        settings = ContentSettings(content_type="application/json", content_encoding="gzip")
        await self._ensure(container)
        with translated(container):
            client = self.service.get_blob_client(container, path)
            await client.upload_blob(packed, overwrite=True, content_settings=settings)

    async def get(self, name: str) -> bytes:
        """Read a blob. Raises KeyError when there is none."""
        container, _, path = name.partition("/")
        with translated(container):
            try:
                stream = await self.service.get_blob_client(container, path).download_blob(decompress=False)
                packed = await stream.readall()
            except ResourceNotFoundError:
                raise KeyError(name) from None
        return await _aside(gzip.decompress, packed)

    async def names(self, prefix: str) -> list[str]:
        """Names that begin with ``prefix``, sorted."""
        container, _, path = prefix.partition("/")
        with translated(container):
            try:
                found = self.service.get_container_client(container).list_blob_names(name_starts_with=path)
                return sorted([f"{container}/{name}" async for name in found])
            except ResourceNotFoundError:
                return []

    async def _ensure(self, container: str) -> None:
        if container in self._containers:
            return
        with translated(container), contextlib.suppress(ResourceExistsError):
            await self.service.create_container(container)
        self._containers.add(container)


def _pack(content: bytes) -> bytes:
    return gzip.compress(content, _LEVEL, mtime=0)


async def _aside(work: Callable[[bytes], bytes], content: bytes) -> bytes:
    """Large contents are worked on in a thread, so that the event loop goes on."""
    return await asyncio.to_thread(work, content) if len(content) > _OFFLOAD else work(content)
