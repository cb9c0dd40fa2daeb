"""One suite for every store of files."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from shared.model.errors import Conflict, RetryLater
from shared.ports.stores import MediaStore, StoredFile, Stores
from shared.storage.azure.opening import closing_stores

MIB = 1024 * 1024
BLOCK = 4 * MIB


class Interrupted(Exception):
    """The other side hangs up."""


async def in_chunks(content: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken_after(content: bytes, error: Exception) -> AsyncIterator[bytes]:
    yield content
    raise error


async def read(store: MediaStore, name: str) -> bytes:
    return b"".join([block async for block in store.read(name)])


@pytest.fixture
def media(stores: Stores) -> MediaStore:
    return stores.media


@pytest.fixture
def name() -> str:
    """Azurite keeps one container for all tests."""
    return f"feed/{uuid.uuid4().hex}/0-photo.png"


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 17])
async def test_a_file_comes_back_as_it_was_written(media: MediaStore, name: str, size: int) -> None:
    content = random.Random(size).randbytes(size)
    await media.write(name, in_chunks(content), "image/png")
    assert await read(media, name) == content
    assert await media.find(name) == StoredFile(size, "image/png")


async def test_a_file_is_read_in_blocks(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(bytes(2 * BLOCK + 5)), "image/png")
    assert [len(block) async for block in media.read(name)] == [BLOCK, BLOCK, 5]


async def test_one_large_chunk_is_as_good_as_many_small_ones(media: MediaStore, name: str) -> None:
    content = random.Random(1).randbytes(2 * BLOCK + 9)
    await media.write(name, in_chunks(content, len(content)), "image/png")
    assert await read(media, name) == content


async def test_a_missing_file_is_a_key_error(media: MediaStore, name: str) -> None:
    with pytest.raises(KeyError):
        await read(media, name)
    assert await media.find(name) is None


@pytest.mark.parametrize("size", [100, BLOCK + 100])
async def test_an_interrupted_write_leaves_nothing_readable(media: MediaStore, name: str, size: int) -> None:
    with pytest.raises(Interrupted):
        await media.write(name, broken_after(bytes(size), Interrupted()), "image/png")
    assert await media.find(name) is None
    with pytest.raises(KeyError):
        await read(media, name)


async def test_an_interrupted_write_leaves_the_former_file_as_it_was(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(b"former"), "text/plain")
    with pytest.raises(Interrupted):
        await media.write(name, broken_after(bytes(BLOCK + 1), Interrupted()), "image/png")
    assert await read(media, name) == b"former"


async def test_a_write_after_an_interrupted_one_holds_nothing_of_it(media: MediaStore, name: str) -> None:
    with pytest.raises(Interrupted):
        await media.write(name, broken_after(b"x" * (BLOCK + 1), Interrupted()), "image/png")
    await media.write(name, in_chunks(b"y" * (BLOCK + 2)), "image/png")
    assert await read(media, name) == b"y" * (BLOCK + 2)


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), RetryLater("source.unreachable", "out")])
async def test_what_the_content_raises_is_not_blamed_on_the_store(
    media: MediaStore, name: str, error: Exception
) -> None:
    with pytest.raises(type(error)) as caught:
        await media.write(name, broken_after(bytes(BLOCK + 1), error), "image/png")
    assert caught.value is error


async def test_a_cancelled_write_leaves_nothing_readable(media: MediaStore, name: str) -> None:
    waiting = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield bytes(BLOCK + 1)
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(media.write(name, endless(), "image/png"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await media.find(name) is None


async def test_a_file_is_replaced_by_a_later_one(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(bytes(BLOCK + 1)), "image/png")
    await media.write(name, in_chunks(b"later"), "image/png")
    assert await read(media, name) == b"later"


async def test_two_writers_of_one_file_never_mix(media: MediaStore, name: str) -> None:
    contents = [letter * (2 * BLOCK + 3) for letter in (b"a", b"b")]
    ends = await asyncio.gather(
        *(media.write(name, in_chunks(content), "image/png") for content in contents), return_exceptions=True
    )
    assert {type(end) for end in ends} <= {type(None), Conflict}
    assert await read(media, name) in contents


async def test_a_writer_that_is_overtaken_ends_or_is_told(media: MediaStore, name: str) -> None:
    staged, overtaken = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"a" * (BLOCK + 1)
        staged.set()
        await overtaken.wait()

    task = asyncio.create_task(media.write(name, slow(), "image/png"))
    await staged.wait()
    await media.write(name, in_chunks(b"b" * 5), "image/png")
    overtaken.set()
    (end,) = await asyncio.gather(task, return_exceptions=True)
    assert end is None or isinstance(end, Conflict)
    assert await read(media, name) == (b"a" * (BLOCK + 1) if end is None else b"b" * 5)


async def test_a_reader_is_told_when_the_file_is_replaced_meanwhile(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(b"a" * (BLOCK + 1)), "image/png")
    reader = media.read(name)
    assert await anext(reader) == b"a" * BLOCK
    await media.write(name, in_chunks(b"b" * (BLOCK + 1)), "image/png")
    with pytest.raises(Conflict):
        await anext(reader)


async def test_a_reader_is_told_when_the_file_is_deleted_meanwhile(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(b"a" * (BLOCK + 1)), "image/png")
    reader = media.read(name)
    await anext(reader)
    await media.delete(name)
    with pytest.raises(Conflict):
        await anext(reader)


async def test_a_file_can_be_deleted_twice(media: MediaStore, name: str) -> None:
    await media.write(name, in_chunks(b"short-lived"), "image/png")
    await media.delete(name)
    await media.delete(name)
    assert await media.find(name) is None


async def test_names_that_look_encoded_stay_what_they_are(media: MediaStore, name: str) -> None:
    plain, encoded = f"{name} отчёт+1?#", quote(f"{name} отчёт+1?#", safe="/")
    await media.write(plain, in_chunks(b"plain"), "text/plain")
    await media.write(encoded, in_chunks(b"encoded"), "text/plain")
    assert (await read(media, plain), await read(media, encoded)) == (b"plain", b"encoded")


async def test_a_small_file_costs_one_transaction_and_a_large_one_a_block_each_and_one(azurite: str, name: str) -> None:
    meter: Counter[str] = Counter()
    async with closing_stores(azurite, meter=meter) as stores:
        await stores.media.delete(name)
        await stores.media.write(name, in_chunks(b"opens the container"), "image/png")
        meter.clear()
        await stores.media.write(name, in_chunks(b"small"), "image/png")
        assert meter == {"blob": 1}
        meter.clear()
        await stores.media.write(name, in_chunks(bytes(2 * BLOCK + 1)), "image/png")
        assert meter == {"blob": 4}
