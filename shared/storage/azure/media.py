"""Files as block blobs of container ``media``: staged blocks cannot be read, so that a write is all or nothing."""

import base64
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, ContentSettings, StorageErrorCode
from azure.storage.blob.aio import BlobClient, BlobServiceClient

from shared.model.errors import Conflict
from shared.ports.stores import StoredFile
from shared.storage.azure.faults import translated

_CONTAINER = "media"
_BLOCK = 4 * 1024 * 1024


@dataclass(slots=True)
class AzureMediaStore:
    """See ``shared.ports.stores.MediaStore``."""

    service: BlobServiceClient
    _made: bool = False

    async def write(self, name: str, content: AsyncIterator[bytes], content_type: str) -> None:
        """Write a file. ``content`` is not awaited inside ``translated``: its errors are its own."""
        await self._ensure()
        client = self.service.get_blob_client(_CONTAINER, name)
        settings = ContentSettings(content_type=content_type)
        writer = uuid.uuid4().hex  # blocks of two writers must not meet under one id
        staged: list[BlobBlock] = []
        async for block in _blocks(content):
            if len(block) < _BLOCK and not staged:
                with translated(_CONTAINER):
                    await client.upload_blob(block, overwrite=True, content_settings=settings)
                return
            number = base64.b64encode(f"{writer}{len(staged):06}".encode()).decode()
            with translated(_CONTAINER):
                await client.stage_block(number, block, len(block))
            staged.append(BlobBlock(block_id=number))
        with translated(_CONTAINER):
            try:
                await client.commit_block_list(staged, content_settings=settings)
            except HttpResponseError as error:
                if getattr(error, "error_code", None) == StorageErrorCode.INVALID_BLOCK_LIST:
                    raise Conflict(name) from None  # another writer's commit threw these blocks away
                raise

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """The file in blocks, all of one version. Raises KeyError when there is none, Conflict when it is replaced."""
        client = self.service.get_blob_client(_CONTAINER, name)
        with translated(_CONTAINER):
            try:
                properties = await client.get_blob_properties()
            except ResourceNotFoundError:
                raise KeyError(name) from None
        for start in range(0, properties.size, _BLOCK):
            yield await _part(client, start, properties.etag)

    async def find(self, name: str) -> StoredFile | None:
        """Size and type, or None."""
        with translated(_CONTAINER):
            try:
                properties = await self.service.get_blob_client(_CONTAINER, name).get_blob_properties()
            except ResourceNotFoundError:
                return None
        return StoredFile(properties.size, properties.content_settings.content_type or "")

    async def delete(self, name: str) -> None:
        """Remove a file."""
        with translated(_CONTAINER), contextlib.suppress(ResourceNotFoundError):
            await self.service.get_blob_client(_CONTAINER, name).delete_blob()

    async def _ensure(self) -> None:
        if self._made:
            return
        with translated(_CONTAINER), contextlib.suppress(ResourceExistsError):
            await self.service.create_container(_CONTAINER)
        self._made = True


async def _part(client: BlobClient, start: int, etag: str) -> bytes:
    with translated(_CONTAINER):
        try:
            stream = await client.download_blob(
                start, _BLOCK, etag=etag, match_condition=MatchConditions.IfNotModified, decompress=False
            )
            part: bytes = await stream.readall()
        except ResourceNotFoundError:
            raise Conflict(_CONTAINER) from None
    return part


async def _blocks(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """``content`` in blocks of 4 MiB, of which the last may be shorter; a single empty one when there is nothing."""
    block = bytearray()
    whole = 0
    async for chunk in content:
        block += chunk
        while len(block) >= _BLOCK:
            yield bytes(block[:_BLOCK])
            whole += 1
            del block[:_BLOCK]
    if block or not whole:
        yield bytes(block)
