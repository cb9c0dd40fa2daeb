"""Servers of files that are out: the portal itself is waited for, a stranger for a minute, a bad file for nobody."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.storage.memory.media import MemoryMediaStore
from tests.unit.bitrix24_drive import Drive, Reading, failing, file, lost_of, reading, rows_of, serving

OUTAGE = "source.unreachable"


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    async with serving(Drive()) as drive:
        yield drive


@pytest.fixture
async def elsewhere() -> AsyncIterator[Drive]:
    async with serving(Drive()) as drive:
        yield drive


@pytest.fixture
async def read(drive: Drive, elsewhere: Drive) -> AsyncIterator[Reading]:
    async with reading(drive, elsewhere.origin) as read:
        yield read


def photos(drive: Drive, *numbers: int) -> list[JsonObject]:
    """Persons with a photo each."""
    return [{"PERSONAL_PHOTO": f"{drive.origin}/{number}.png"} for number in numbers]


def reasons(read: Reading) -> Counter[str]:
    return Counter(one.reason.code for one in read.waits)


async def test_a_portal_that_stumbles_over_every_file_is_waited_for_and_loses_none(drive: Drive, read: Reading) -> None:
    read.outlasts = (OUTAGE,)
    drive.answer = lambda number, before: file(number, before) if before > 5 else failing(number, before)
    pages = await read(101, 102, 103)
    assert (len(rows_of(pages)), lost_of(pages)) == (3, {})
    assert reasons(read) == {OUTAGE: 5}


async def test_a_portal_where_nobody_answers_is_waited_for_at_once() -> None:
    async with AsyncExitStack() as stack:
        async with serving(Drive()) as drive:
            read = await stack.enter_async_context(reading(drive))
        with pytest.raises(RetryLater) as caught:
            await read(101)
    assert caught.value.reason.code == OUTAGE


async def test_an_outage_that_begins_among_the_files_of_a_page_costs_none_of_them(drive: Drive, read: Reading) -> None:
    read.outlasts = (OUTAGE,)

    def falling(number: str, before: int) -> web.Response:
        out = number in ("2", "3") if read.time == 1000.0 and not before else read.time < 1100.0
        return failing(number, before) if out else file(number, before)

    drive.answer = falling
    pages = await read(101, 102, 103)
    assert (len(rows_of(pages)), lost_of(pages)) == (3, {})
    assert reasons(read)[OUTAGE] > 5


async def test_files_that_alone_cannot_be_had_stop_nothing(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: (failing if number in ("2", "3") else file)(number, before)
    pages = await read(101, 102, 103)
    assert lost_of(pages) == {"feed_post-17-102": "media.unreachable", "feed_post-17-103": "media.unreachable"}
    assert (drive.downloads["2"], drive.downloads["3"]) == (5, 5)
    assert not read.waits


async def test_the_only_file_of_a_page_is_lost_after_a_minute_of_tries(drive: Drive, read: Reading) -> None:
    drive.answer = failing
    assert lost_of(await read(101)) == {"feed_post-17-101": "media.unreachable"}
    assert drive.downloads == {"1": 5}
    assert sum(read.rests) >= 60


async def test_the_only_file_of_a_page_is_waited_for_when_the_portal_has_no_first_page_either(
    drive: Drive, read: Reading
) -> None:
    read.outlasts, drive.down = (OUTAGE,), True
    drive.answer = lambda number, before: file(number, before) if before > 9 else failing(number, before)
    assert rows_of(await read(101)).keys() == {"feed_post-17-101"}
    assert reasons(read) == {OUTAGE: 10}


async def test_a_stranger_that_is_dead_costs_its_files_and_a_page_one_minute(
    drive: Drive, elsewhere: Drive, read: Reading
) -> None:
    elsewhere.answer = failing
    numbers = range(60)
    rows = [photo for one in numbers for photo in (*photos(elsewhere, one), *photos(drive, one))]
    pages = await read.all("user", *rows)
    assert lost_of(pages) == {f"user-{17 + 2 * one}-picture": "media.unreachable" for one in numbers}
    assert rows_of(pages).keys() == {f"user-{18 + 2 * one}-picture" for one in numbers}
    assert 60 <= sum(read.rests) < 90
    assert reasons(read).keys() == {"media.unreachable"}


async def test_a_stranger_that_comes_back_within_a_minute_loses_nothing(elsewhere: Drive, read: Reading) -> None:
    def recovering(number: str, before: int) -> web.Response:
        return (file if read.time > 1030 else failing)(number, before)

    elsewhere.answer = recovering
    pages = await read.all("user", *photos(elsewhere, *range(60)))
    assert (len(rows_of(pages)), lost_of(pages)) == (60, {})


async def test_a_cursor_holds_the_files_of_two_turns_at_most(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: (file if number.startswith("1") or before > 1 else failing)(number, before)
    pages = await read.all("user", *photos(drive, *range(200)))
    assert (len(rows_of(pages)), lost_of(pages)) == (200, {})
    assert max(len(page.next["again"]) for page in pages if page.next) < 50


async def test_a_store_that_is_out_is_not_blamed_on_the_files_server(drive: Drive) -> None:
    class Out(MemoryMediaStore):
        async def write(self, *_args: object, **_named: object) -> None:
            raise RetryLater("storage.unreachable", "the store is out")

    async with reading(drive, store=Out()) as read:
        with pytest.raises(RetryLater) as caught:
            await read(101)
    assert caught.value.reason.code == "storage.unreachable"
