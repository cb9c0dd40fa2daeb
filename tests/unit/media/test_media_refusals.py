"""Answers that are not the file: links that are over, login pages, other types and sizes."""

import gzip

import pytest
from aiohttp import web

from shared.media.fetching import Limits
from shared.media.verdicts import Expected, Outcome
from tests.unit.media.file_server import LOGIN, PNG, Fetching, Server, replying, streaming


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
