"""Fetching files from real servers into a store."""

import hashlib
import io
import logging
from typing import Any

from shared.http.redaction import quiet_libraries
from shared.media.verdicts import Expected, Fetched, Outcome
from shared.model.errors import PortageError
from tests.unit.media.file_server import NAME, PNG, SECRET, Fetching, Server, redirecting, replying, streaming


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
