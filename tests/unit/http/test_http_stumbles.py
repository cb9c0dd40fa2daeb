"""Answers that are none: told apart, asked for again, and given up."""

import asyncio
import socket
import traceback
from dataclasses import replace

import pytest

from shared.http.redaction import register_secret
from shared.model.errors import RetryLater
from tests.unit.http.scripted_server import GOOD, SECRET, Caller, Say, Server, answer, hang_up, reset, silence, trickle

STUMBLES: dict[str, tuple[Say, str, str]] = {
    "JSON cut short": (answer(200, b'{"result":[{"ID"'), "source.unexpected_answer", "HTTP 200"),
    "HTML of a proxy": (answer(502, b"<html>Bad Gateway"), "source.unexpected_answer", "HTTP 502"),
    "HTML that says it is JSON": (
        answer(200, b"<html>", "Content-Type: application/json"),
        "source.unexpected_answer",
        "HTTP 200",
    ),
    "an empty body": (answer(200, b""), "source.unexpected_answer", "HTTP 200"),
    "an answer that ends early": (answer(200, GOOD, length=999), "source.unreachable", "RemoteProtocolError"),
    "a connection that is reset": (reset, "source.unreachable", "ReadError"),
    "a connection that ends": (hang_up, "source.unreachable", "RemoteProtocolError"),
    "no HTTP": (lambda writer: _raw(writer, b"SSH-2.0-x\r\n\r\n"), "source.unreachable", "RemoteProtocolError"),
    "no gzip": (answer(200, GOOD, "Content-Encoding: gzip"), "source.unreachable", "DecodingError"),
}


async def _raw(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)


@pytest.mark.parametrize(("stumble", "reason", "message"), STUMBLES.values(), ids=STUMBLES.keys())
async def test_a_stumble_is_told_apart(caller: Caller, server: Server, stumble: Say, reason: str, message: str) -> None:
    server.answers = [stumble]
    error = await caller.fails()
    assert (type(error), error.reason.code) == (RetryLater, reason)
    assert message in str(error)
    assert caller.verdicts == [("user.get", reason)] * 2


@pytest.mark.parametrize("stumble", [one[0] for one in STUMBLES.values()], ids=STUMBLES.keys())
async def test_after_a_stumble_the_same_is_asked_again(caller: Caller, server: Server, stumble: Say) -> None:
    server.answers = [stumble, answer(200, GOOD)]
    assert (await caller.post(b'{"start":-1}')).body == GOOD
    assert len(server.asked) == 2
    assert server.asked[0].partition(b"\r\n\r\n")[2] == server.asked[1].partition(b"\r\n\r\n")[2]


async def test_every_attempt_draws_on_the_budget(caller: Caller, server: Server) -> None:
    server.answers = [hang_up]
    await caller.fails()
    assert caller.budget.asked == ["user.get", "user.get"]


async def test_nobody_listening_is_unreachable(caller: Caller) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        caller.server = replace(caller.server, port=nobody.getsockname()[1])
        error = await caller.fails()
    assert error.reason.code == "source.unreachable"


@pytest.mark.parametrize("slow", [silence, trickle])
async def test_an_answer_that_takes_too_long_is_given_up(caller: Caller, server: Server, slow: Say) -> None:
    server.answers = [slow]
    caller.longest_call = 0.1
    error = await caller.fails()
    assert error.reason.code == "source.unreachable"
    assert "Timeout" in str(error)


async def test_what_the_library_says_of_a_secret_is_not_repeated(caller: Caller) -> None:
    register_secret("a-registered-secret")
    caller.headers = {"Authorization": "a-registered-secret\n"}
    assert str(await caller.fails()) == "LocalProtocolError: Illegal header value b'***\\n'"


async def test_what_goes_wrong_names_no_secret(caller: Caller, server: Server) -> None:
    for stumble, _, _ in STUMBLES.values():
        server.answers = [stumble]
        assert SECRET not in "".join(traceback.format_exception(await caller.fails()))
