"""Servers that stumble, fall silent or want a pause."""

import asyncio

import pytest

from shared.media.addresses import AllowedSources
from shared.media.fetching import Limits, MediaFetcher
from shared.media.verdicts import Stumbled
from shared.model.errors import RetryLater, SlowDown
from shared.storage.memory.media import MemoryMediaStore
from tests.unit.media.file_server import NAME, PNG, Fetching, Server, redirecting, replying, started, streaming


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
async def test_a_server_that_stumbles_is_asked_later(portal: Server, fetching: Fetching, status: int) -> None:
    portal.answer = replying(status, b"...", "text/html", Retry_After="7")
    with pytest.raises(RetryLater) as caught:
        await fetching(portal.url())
    assert (caught.value.reason.code, caught.value.retry_after) == ("media.unreachable", 7.0)


async def test_a_stumble_names_the_server_at_the_end_of_the_redirects(portal: Server, stranger: Server) -> None:
    store, elsewhere = MemoryMediaStore(), AllowedSources.of((), [portal.origin, stranger.origin])
    fetcher = MediaFetcher(store, elsewhere, portal=portal.origin)
    portal.answer, stranger.answer = redirecting(stranger.url()), replying(502)
    with pytest.raises(Stumbled) as caught:
        await fetcher.fetch(portal.url(), NAME)
    assert (caught.value.origin, caught.value.silent) == (stranger.origin[7:], False)
    await fetcher.close()


async def test_a_file_that_came_names_the_server_that_brought_it(portal: Server, fetching: Fetching) -> None:
    assert (await fetching(portal.url())).origin == fetching.fetcher.home == portal.origin[7:]


async def test_nobody_at_the_address_is_told_from_a_server_that_stumbles(portal: Server, fetching: Fetching) -> None:
    runner = await started(server := Server())
    await runner.cleanup()
    fetcher = MediaFetcher(fetching.store, AllowedSources.of((), [server.origin]), portal=server.origin)
    with pytest.raises(Stumbled) as caught:
        await fetcher.fetch(server.url(), NAME)
    assert (caught.value.origin, caught.value.silent) == (server.origin[7:], True)
    await fetcher.close()


async def test_a_server_where_nobody_answers_is_asked_once_for_the_files_that_wait_for_it() -> None:
    runner = await started(server := Server())
    await runner.cleanup()
    names: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        names.append(host)
        return ["127.0.0.1"]

    origin = server.origin.replace("127.0.0.1", "portal.example")
    fetcher = MediaFetcher(MemoryMediaStore(), AllowedSources.of((), [origin], resolve), portal=origin)
    for _ in range(3):
        with pytest.raises(Stumbled):
            await fetcher.fetch(f"{origin}/1", NAME)
    assert names == ["portal.example"]
    await fetcher.close()


@pytest.mark.parametrize(("status", "answers"), [(200, True), (404, True), (429, True), (502, False), (503, False)])
async def test_a_server_can_be_asked_whether_it_hands_out_files(
    portal: Server, fetching: Fetching, status: int, answers: bool
) -> None:
    portal.answer = replying(status, PNG, "image/png")
    assert await fetching.fetcher.answers(portal.url()) is answers
    assert await fetching.store.find(NAME) is None


async def test_a_server_that_wants_a_pause_gets_it(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(429, Retry_After="7")
    with pytest.raises(SlowDown) as caught:
        await fetching(portal.url())
    assert (caught.value.reason.code, caught.value.retry_after) == ("media.throttled", 7.0)


async def test_a_server_that_falls_silent_is_asked_later(portal: Server) -> None:
    portal.answer = streaming(PNG[:9000], PNG[9000:], pause=5.0)
    fetching = Fetching(portal, Limits(read=0.1))
    with pytest.raises(RetryLater) as caught:
        await fetching(portal.url())
    assert caught.value.reason.code == "media.unreachable"
    await fetching.fetcher.close()


async def test_a_server_that_trickles_is_given_up_at_the_deadline(portal: Server) -> None:
    portal.answer = streaming(*(PNG[n * 100 : n * 100 + 100] for n in range(3000)), pause=0.02)
    fetching = Fetching(portal, Limits(read=5.0, total=0.3))
    with pytest.raises(RetryLater) as caught:
        await fetching(portal.url())
    assert caught.value.reason.code == "media.too_slow"
    await fetching.fetcher.close()


async def test_a_cancelled_fetch_leaves_nothing(portal: Server, fetching: Fetching) -> None:
    portal.answer = streaming(PNG[:9000], PNG[9000:], pause=5.0)
    task = asyncio.create_task(fetching(portal.url()))
    while not portal.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await fetching.store.find(NAME) is None
