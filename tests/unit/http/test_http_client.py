"""The client on a real socket: calls, and answers that are taken as they are."""

import gzip
from io import BytesIO

import pytest

from shared.http.client import TooMuch
from shared.model.errors import EntityStopped
from tests.unit.http.scripted_server import GOOD, SECRET, Caller, Server, answer


async def test_a_good_answer_is_handed_on_as_it_came(caller: Caller) -> None:
    said = await caller.post(b'{"start":-1}')
    assert (said.status, said.body, said.headers["content-length"]) == (200, GOOD, "14")
    assert caller.verdicts == [("user.get", "ok")]
    assert caller.budget.asked == ["user.get"]


async def test_a_call_is_a_post_of_json_with_a_name(caller: Caller, server: Server) -> None:
    await caller.post(b'{"start":-1}')
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /rest/1/{SECRET}/user.get HTTP/1.1\r\n".encode())
    assert body == b'{"start":-1}'
    assert b"content-type: application/json" in head.lower()
    assert b"user-agent: portage/" in head.lower()


@pytest.mark.parametrize("kind", ["text/html", "text/plain; charset=cp1251", "nonsense"])
async def test_a_content_type_that_lies_changes_nothing(caller: Caller, server: Server, kind: str) -> None:
    server.answers = [answer(200, GOOD, f"Content-Type: {kind}")]
    assert (await caller.post()).body == GOOD


async def test_a_compressed_answer_is_unpacked(caller: Caller, server: Server) -> None:
    server.answers = [answer(200, gzip.compress(GOOD), "Content-Encoding: gzip")]
    assert (await caller.post()).body == GOOD


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(caller: Caller, server: Server) -> None:
    server.answers = [answer(200, GOOD + b" " * 2_000, length=10**9)]
    caller.most_bytes = 1_000
    error = await caller.fails()
    assert (type(error), error.reason.code) == (TooMuch, "source.unexpected_answer")
    assert str(error) == "more than 1000 bytes"


async def test_an_answer_that_is_too_large_once_unpacked_is_given_up(caller: Caller, server: Server) -> None:
    server.answers = [answer(200, gzip.compress(b" " * 100_000), "Content-Encoding: gzip")]
    caller.most_bytes = 10_000
    assert str(await caller.fails()) == "more than 10000 bytes"


async def test_an_answer_of_the_largest_size_is_read(caller: Caller, server: Server) -> None:
    caller.most_bytes = len(GOOD)
    assert (await caller.post()).body == GOOD


async def test_a_redirect_is_not_followed(caller: Caller, server: Server) -> None:
    server.answers = [answer(302, b"{}", f"Location: http://127.0.0.1:{server.port}/elsewhere")]
    assert isinstance(await caller.fails(), EntityStopped)
    assert len(server.asked) == 1


async def test_a_refusal_is_not_repeated(caller: Caller, server: Server) -> None:
    server.answers = [answer(400, b"{}")]
    assert isinstance(await caller.fails(), EntityStopped)
    assert len(server.asked) == 1


async def test_a_long_answer_goes_into_a_file_and_begins_anew_with_each_attempt(caller: Caller, server: Server) -> None:
    whole = b"0123456789" * 500
    server.answers = [answer(200, b"cut off after this", length=999), answer(200, whole)]
    caller.most_bytes, caller.into = 1_000, BytesIO(b"of before")
    assert (await caller.post()).body == b""
    assert caller.into.getvalue() == whole


async def test_a_refusal_does_not_go_into_the_file(caller: Caller, server: Server) -> None:
    server.answers = [answer(404, b'{"error":"NO"}')]
    caller.into = BytesIO()
    assert isinstance(await caller.fails(), EntityStopped)
    assert caller.into.getvalue() == b""
