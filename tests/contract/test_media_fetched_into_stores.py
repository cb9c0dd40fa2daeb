"""Files on their way from the web into each kind of store."""

import asyncio
import hashlib
import random
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.media.addresses import AllowedSources
from shared.media.fetching import Limits, MediaFetcher
from shared.media.naming import media_key
from shared.media.verdicts import Expected, Outcome
from shared.model.errors import RetryLater
from shared.ports.stores import Stores
from shared.storage.azure.opening import closing_stores

MIB = 1024 * 1024
PDF = b"%PDF-1.7\n" + random.Random(5).randbytes(9 * MIB)


@asynccontextmanager
async def serving(body: bytes, announced: int, times: int = 1) -> AsyncIterator[str]:
    """A server that sends ``body`` so many times and hangs up; answers its address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {announced}\r\n\r\n"
        writer.write(head.encode())
        for _ in range(times):
            writer.write(body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def fetcher_for(stores: Stores, portal: str) -> MediaFetcher:
    return MediaFetcher(stores.media, AllowedSources.of([], [portal]), portal=portal, limits=Limits(read=5.0))


@pytest.fixture
def key() -> str:
    return media_key("feed_post", uuid.uuid4().hex, 0, "отчёт 100%+.pdf")


async def test_a_file_of_several_blocks_lands_whole(stores: Stores, key: str) -> None:
    async with serving(PDF, len(PDF)) as portal:
        fetcher = fetcher_for(stores, portal)
        fetched = await fetcher.fetch(portal, key, Expected(size=len(PDF)))
        await fetcher.close()
    stored = b"".join([block async for block in stores.media.read(key)])
    assert fetched.sha256 == hashlib.sha256(stored).hexdigest() == hashlib.sha256(PDF).hexdigest()


async def test_a_file_that_breaks_off_after_some_blocks_leaves_nothing(stores: Stores, key: str) -> None:
    async with serving(PDF, len(PDF) + 1) as portal:
        fetcher = fetcher_for(stores, portal)
        with pytest.raises(RetryLater):
            await fetcher.fetch(portal, key)
        await fetcher.close()
    assert await stores.media.find(key) is None


async def test_a_large_file_is_never_whole_in_memory(azurite: str, key: str) -> None:
    chunk = b"%PDF-" + bytes(MIB - 5)
    async with serving(chunk, 40 * MIB, 40) as portal, closing_stores(azurite) as stores:
        fetcher = fetcher_for(stores, portal)
        tracemalloc.start()
        try:
            fetched = await fetcher.fetch(portal, key)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            await fetcher.close()
    assert (fetched.outcome, fetched.size) == (Outcome.STORED, 40 * MIB)
    assert peak < 30 * MIB
