"""Fetching files from real servers into a store."""

import asyncio
import gzip
import hashlib
import io
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.http.redaction import quiet_libraries
from shared.media.addresses import AllowedSources
from shared.media.fetching import Limits, MediaFetcher
from shared.media.verdicts import Expected, Fetched, Outcome, Stumbled
from shared.model.errors import PortageError, RetryLater, SlowDown
from shared.model.reasons import REASONS
from shared.storage.memory.media import MemoryMediaStore

SECRET = "s3cr3tcode"
NAME = "feed/1/0-photo.png"
PNG = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(300_000)
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form>...</form></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A web server of this machine that answers every request with ``answer``."""

    def __init__(self) -> None:
        self.answer: Handler = replying(200, PNG, "image/png")
        self.requests: list[web.Request] = []
        self.origin = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.answer(request)

    def url(self, path: str = "/rest/download.json") -> str:
        return f"{self.origin}{path}?auth={SECRET}&token=disk%7C{SECRET}"


def replying(status: int, body: bytes = b"", content_type: str = "", **headers: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers={"Content-Type": content_type, **named})

    return answer


def streaming(*parts: bytes, content_type: str = "image/png", pause: float = 0.0) -> Handler:
    """Without a Content-Length."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(pause)
        return response

    return answer


def redirecting(*locations: str) -> Handler:
    """One after the other, then the file."""
    left = list(locations)

    async def answer(request: web.Request) -> web.StreamResponse:
        if left:
            return web.Response(status=302, headers={"Location": left.pop(0)})
        return await replying(200, PNG, "image/png")(request)

    return answer


async def started(server: Server) -> web.AppRunner:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


@pytest.fixture
async def portal() -> AsyncIterator[Server]:
    server = Server()
    runner = await started(server)
    yield server
    await runner.cleanup()


@pytest.fixture
async def stranger() -> AsyncIterator[Server]:
    """A server of this machine that nobody trusts."""
    server = Server()
    runner = await started(server)
    yield server
    await runner.cleanup()


class Fetching:
    """A fetcher for files of one portal, and what it stored."""

    def __init__(self, portal: Server, limits: Limits | None = None, hosts: tuple[str, ...] = ()) -> None:
        self.store = MemoryMediaStore()
        webhook = f"{portal.origin}/rest/1/{SECRET}/"
        sources = AllowedSources.of(hosts, [webhook])
        self.fetcher = MediaFetcher(self.store, sources, portal=webhook, limits=limits)

    async def __call__(self, url: str, expected: Expected | None = None) -> Fetched:
        try:
            fetched = await self.fetcher.fetch(url, NAME, expected)
        except PortageError:
            assert await self.store.find(NAME) is None
            raise
        found = await self.store.find(NAME)
        assert (found and found.size) == fetched.size
        assert (fetched.reason in REASONS) == (fetched.outcome is not Outcome.STORED)
        return fetched

    async def stored(self) -> bytes:
        return b"".join([block async for block in self.store.read(NAME)])


@pytest.fixture
async def fetching(portal: Server) -> AsyncIterator[Fetching]:
    fetching = Fetching(portal)
    yield fetching
    await fetching.fetcher.close()


async def test_a_file_arrives_whole_with_its_digest(portal: Server, fetching: Fetching) -> None:
    fetched = await fetching(portal.url(), Expected(size=len(PNG), kind="image/"))
    digest = hashlib.sha256(PNG).hexdigest()
    assert fetched == Fetched(Outcome.STORED, size=len(PNG), sha256=digest, content_type="image/png")
    assert await fetching.stored() == PNG


async def test_a_file_of_unknown_length_arrives_too(portal: Server, fetching: Fetching) -> None:
    portal.answer = streaming(PNG[:5], PNG[5:9000], PNG[9000:])
    assert (await fetching(portal.url())).size == len(PNG)
    assert await fetching.stored() == PNG


async def test_an_empty_file_is_stored_when_it_is_promised(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(200, b"", "text/plain")
    assert (await fetching(portal.url(), Expected(size=0))).outcome is Outcome.STORED


async def test_an_empty_answer_is_no_file_otherwise(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(200, b"", "image/png")
    assert (await fetching(portal.url())).outcome is Outcome.EXPIRED


async def test_requests_look_like_those_of_a_browser_on_the_portal(portal: Server, fetching: Fetching) -> None:
    await fetching(portal.url())
    (request,) = portal.requests
    assert request.headers["User-Agent"].startswith("Mozilla/5.0")
    assert request.headers["Referer"] == f"{portal.origin}/"
    assert request.headers["Accept"]
    assert request.headers["Accept-Language"]
    assert request.headers["Host"] == portal.origin.removeprefix("http://")


async def test_the_link_is_asked_for_as_it_is(portal: Server, fetching: Fetching) -> None:
    await fetching(f"{portal.origin}/a%2Fb%20c?token=im%7C1&x=%D1%8F+1#part")
    assert portal.requests[0].raw_path == "/a%2Fb%20c?token=im%7C1&x=%D1%8F+1"


async def test_cookies_are_not_kept(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(200, PNG, "image/png", Set_Cookie="session=1")
    await fetching(portal.url())
    await fetching(portal.url())
    assert "Cookie" not in portal.requests[1].headers


async def test_one_connection_serves_several_files(portal: Server, fetching: Fetching) -> None:
    await fetching(portal.url())
    await fetching(portal.url())
    first, second = portal.requests
    assert first.transport is not None
    assert first.transport is second.transport


async def test_a_later_file_replaces_the_former(portal: Server, fetching: Fetching) -> None:
    await fetching(portal.url())
    portal.answer = replying(200, PNG + b"!", "image/png")
    await fetching(portal.url())
    assert await fetching.stored() == PNG + b"!"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_link_that_is_over_asks_for_a_fresh_one(portal: Server, fetching: Fetching, status: int) -> None:
    portal.answer = replying(status, b'{"error":"expired_token"}', "application/json")
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.EXPIRED, "media.link_expired")
    assert fetched.message == f"HTTP {status}"


@pytest.mark.parametrize("content_type", ["text/html; charset=UTF-8", "image/png", "application/octet-stream", ""])
@pytest.mark.parametrize("expected", [Expected(), Expected(size=300), Expected(kind="image/"), Expected(300, "image/")])
async def test_a_login_page_asks_for_a_fresh_link(
    portal: Server, fetching: Fetching, content_type: str, expected: Expected
) -> None:
    for answer in (replying(200, LOGIN, content_type), streaming(LOGIN, content_type=content_type)):
        portal.answer = answer
        fetched = await fetching(portal.url(), expected)
        assert (fetched.outcome, fetched.reason) == (Outcome.EXPIRED, "media.login_page")


async def test_a_login_page_behind_a_redirect_is_known(portal: Server, fetching: Fetching) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/auth/":
            return await replying(200, LOGIN, "text/html")(request)
        return web.Response(status=302, headers={"Location": "/auth/?backurl=%2F"})

    portal.answer = answer
    assert (await fetching(portal.url())).reason == "media.login_page"


@pytest.mark.parametrize("expected", [Expected(size=len(LOGIN)), Expected(kind="text/html")])
async def test_a_page_that_is_the_file_itself_is_stored(portal: Server, fetching: Fetching, expected: Expected) -> None:
    portal.answer = replying(200, LOGIN, "application/vnd.ms-excel")
    fetched = await fetching(portal.url(), expected)
    assert (fetched.outcome, fetched.content_type) == (Outcome.STORED, "text/html")


@pytest.mark.parametrize("size", [len(PNG) - 1, len(PNG) + 1, 0])
async def test_a_file_of_another_size_is_asked_for_anew(portal: Server, fetching: Fetching, size: int) -> None:
    for answer in (replying(200, PNG, "image/png"), streaming(PNG)):
        portal.answer = answer
        fetched = await fetching(portal.url(), Expected(size=size))
        assert (fetched.outcome, fetched.reason) == (Outcome.EXPIRED, "media.size_mismatch")


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


@pytest.mark.parametrize("status", [204, 206, 304, 400, 405, 451])
async def test_any_other_answer_is_final(portal: Server, fetching: Fetching, status: int) -> None:
    portal.answer = replying(status)
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.refused")


async def test_a_file_encoded_against_our_wish_is_refused(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(200, gzip.compress(PNG), "image/png", Content_Encoding="gzip")
    assert (await fetching(portal.url())).reason == "media.refused"
    assert portal.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("body", [b"%PDF-1.7 ...", b"just text", b"\x00\x01\x02"])
async def test_bytes_of_another_type_than_declared_are_final(portal: Server, fetching: Fetching, body: bytes) -> None:
    portal.answer = replying(200, body, "image/png")
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.wrong_type")


async def test_a_file_of_the_promised_size_is_stored_whatever_it_is_declared_as(
    portal: Server, fetching: Fetching
) -> None:
    portal.answer = replying(200, b"%PDF-1.7 ...", "image/png")
    assert (await fetching(portal.url(), Expected(size=12))).content_type == "application/pdf"


async def test_a_photo_that_is_no_image_is_final(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(200, b"%PDF-1.7 ...", "application/pdf")
    fetched = await fetching(portal.url(), Expected(size=12, kind="image/"))
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.wrong_type")


async def test_a_file_that_is_promised_too_large_is_not_asked_for(portal: Server) -> None:
    fetching = Fetching(portal, Limits(size=1000))
    fetched = await fetching(portal.url(), Expected(size=1001))
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.too_large")
    assert portal.requests == []


@pytest.mark.parametrize("size", [1001, 300_000])
async def test_a_file_that_is_too_large_is_cut_off(portal: Server, size: int) -> None:
    fetching = Fetching(portal, Limits(size=1000))
    for answer in (replying(200, PNG[:size], "image/png"), streaming(PNG[:size])):
        portal.answer = answer
        fetched = await fetching(portal.url())
        assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.too_large")
    await fetching.fetcher.close()


async def test_a_file_of_exactly_the_largest_size_is_stored(portal: Server) -> None:
    fetching = Fetching(portal, Limits(size=len(PNG)))
    assert (await fetching(portal.url())).outcome is Outcome.STORED
    await fetching.fetcher.close()


async def test_an_endless_file_is_cut_off(portal: Server) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        while True:
            await response.write(PNG)

    portal.answer = endless
    fetching = Fetching(portal, Limits(size=2_000_000))
    assert (await fetching(portal.url())).reason == "media.too_large"
    await fetching.fetcher.close()


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


@pytest.mark.parametrize("hops", range(1, 6))
async def test_up_to_five_redirects_are_followed(portal: Server, fetching: Fetching, hops: int) -> None:
    portal.answer = redirecting(*["/next", portal.url("/other"), "?again=1", "//" + portal.origin[7:], "../up"][:hops])
    assert (await fetching(portal.url())).outcome is Outcome.STORED
    assert len(portal.requests) == hops + 1


async def test_the_sixth_redirect_is_final(portal: Server, fetching: Fetching) -> None:
    portal.answer = redirecting(*["/next"] * 6)
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.redirected_too_often")


@pytest.mark.parametrize("location", ["http://evil.example/", "file:///etc/passwd", "http://[", "http://a:b@{host}/"])
async def test_a_redirect_is_checked_like_the_link(portal: Server, fetching: Fetching, location: str) -> None:
    portal.answer = redirecting(location.format(host=portal.origin[7:]))
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.address_refused")


async def test_a_redirect_without_a_target_is_final(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(302)
    assert (await fetching(portal.url())).reason == "media.refused"


async def test_a_redirect_to_another_port_of_this_machine_reaches_nobody(portal: Server, stranger: Server) -> None:
    fetching = Fetching(portal, hosts=("127.0.0.1", "localhost"))
    for location in (stranger.url(), stranger.url().replace("127.0.0.1", "localhost")):
        portal.answer = redirecting(location)
        fetched = await fetching(portal.url())
        assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.private_address")
    assert stranger.requests == []
    await fetching.fetcher.close()


async def test_a_link_to_a_stranger_reaches_nobody(fetching: Fetching, stranger: Server) -> None:
    assert (await fetching(stranger.url())).reason == "media.address_refused"
    assert stranger.requests == []


async def test_links_are_in_no_result_error_or_log(portal: Server, fetching: Fetching) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet_libraries()
    told: list[Any] = []
    answers = [replying(status, PNG, "image/png") for status in (200, 400, 403, 429, 500)]
    answers += [redirecting(portal.url("/other")), redirecting(f"http://evil.example/{SECRET}")]
    try:
        for answer in answers:
            portal.answer = answer
            await fetching.store.delete(NAME)
            try:
                told.append(repr(await fetching(portal.url())))
            except PortageError as error:
                told.extend((repr(error), error.message))
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    assert len(told) == 9
    assert SECRET not in "".join(told) + written.getvalue() + repr(fetching.fetcher)


async def test_a_link_without_a_host_is_one_of_the_portal(portal: Server, fetching: Fetching) -> None:
    fetched = await fetching(f"/upload/photo.png?token={SECRET}")
    assert (fetched.outcome, fetched.sha256) == (Outcome.STORED, hashlib.sha256(PNG).hexdigest())
    assert portal.requests[0].path == "/upload/photo.png"


async def test_a_link_that_leaves_out_its_scheme_is_checked_like_any_other(fetching: Fetching) -> None:
    assert (await fetching("//elsewhere.example/photo.png")).reason == "media.address_refused"


async def test_a_file_that_is_kept_is_known_again_by_its_name_and_size(portal: Server, fetching: Fetching) -> None:
    fetched = await fetching(portal.url())
    assert await fetching.fetcher.kept(NAME, len(PNG)) == fetched
    assert await fetching.fetcher.kept(NAME, len(PNG) + 1) is None
    assert await fetching.fetcher.kept("feed/1/1-photo.png", len(PNG)) is None
    assert len(portal.requests) == 1
