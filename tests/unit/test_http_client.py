"""The client on a real socket, before a server that says what the test tells it to, byte by byte."""

import asyncio
import gzip
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import orjson
import pytest

from shared.http.backoff import Backoff
from shared.http.client import Answer, HttpClient
from shared.http.redaction import register_secret
from shared.model.errors import EntityStopped, PortageError, RetryLater, SlowDown

SECRET = "u1x7kq9zv3"
GOOD = b'{"result":[1]}'

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes, *headers: str, length: int | None = None) -> Say:
    """A whole answer; ``length`` is what it claims."""

    async def say(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return say


async def silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def trickle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.02)


async def reset(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def hang_up(_writer: asyncio.StreamWriter) -> None:
    """Without a word."""


@dataclass
class Server:
    """Answers call after call; the last answer is repeated."""

    answers: list[Say] = field(default_factory=lambda: [answer(200, GOOD)])
    asked: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self.asked.append(head + await reader.readexactly(length))
            say = self.answers[min(len(self.asked), len(self.answers)) - 1]
            await say(writer)
        finally:
            writer.close()


class OpenBudget:
    """Always gives leave; remembers who asked, and what it was told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refusals: list[tuple[str, float | None]] = []

    async def acquire(self, method: str, calls: int = 1) -> None:
        self.asked += [method] * calls

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        self.refusals.append((method, retry_after))


@dataclass
class Caller:
    """A client, and everything that was seen of it."""

    server: Server
    budget: OpenBudget = field(default_factory=OpenBudget)
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.001, attempts=2))
    longest_call: float = 5.0
    most_bytes: int = 1_000_000
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, content: bytes = b"{}") -> Answer:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        client = HttpClient(
            "source",
            lambda method, verdict: self.verdicts.append((method, verdict)),
            backoff=self.backoff,
            longest_call=self.longest_call,
            most_bytes=self.most_bytes,
            sleep=sleep,
        )
        url = f"http://127.0.0.1:{self.server.port}/rest/1/{SECRET}/user.get"
        try:
            return await client.post(
                url, content, method="user.get", classify=classify, budget=self.budget, headers=self.headers
            )
        finally:
            await client.close()

    async def fails(self) -> PortageError:
        with pytest.raises(PortageError) as failure:
            await self.post()
        return failure.value


def classify(said: Answer) -> PortageError | None:
    """A small language of answers."""
    if said.status == 420:
        return SlowDown("source.operating_limit", "rest", retry_after=45.0)
    if said.status in (429, 503):
        return SlowDown("source.throttled", "slow down")
    try:
        orjson.loads(said.body)
    except orjson.JSONDecodeError:
        return RetryLater("source.unexpected_answer", f"HTTP {said.status}")
    return None if said.status == 200 else EntityStopped("source.refused", "no")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
def caller(server: Server) -> Caller:
    return Caller(server)


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


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(caller: Caller, server: Server) -> None:
    server.answers = [answer(200, GOOD + b" " * 2_000, length=10**9)]
    caller.most_bytes = 1_000
    error = await caller.fails()
    assert (type(error), error.reason.code) == (RetryLater, "source.unexpected_answer")
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


async def test_throttling_goes_to_the_budget_and_is_not_repeated(caller: Caller, server: Server) -> None:
    server.answers = [answer(503, b"")]
    error = await caller.fails()
    assert (type(error), error.retry_after) == (SlowDown, None)
    assert caller.budget.refusals == [("user.get", None)]
    assert caller.verdicts == [("user.get", "source.throttled")]


LATER = "Date: Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2026 07:28:03 GMT"


@pytest.mark.parametrize("headers", [("Retry-After: 3",), LATER], ids=["seconds", "date"])
async def test_throttling_says_how_long_it_lasts(caller: Caller, server: Server, headers: tuple[str, ...]) -> None:
    server.answers = [answer(429, b"", *headers)]
    assert (await caller.fails()).retry_after == 3.0


@pytest.mark.parametrize("headers", [("Retry-After: 3",), LATER], ids=["seconds", "date"])
async def test_a_stumble_is_not_repeated_before_its_time(
    caller: Caller, server: Server, headers: tuple[str, ...]
) -> None:
    server.answers = [answer(502, b"<html>", *headers), answer(200, GOOD)]
    await caller.post()
    assert caller.slept == [3.0]


async def test_a_stumble_that_lasts_longer_than_we_may_wait_is_handed_on(caller: Caller, server: Server) -> None:
    server.answers = [answer(502, b"<html>", "Retry-After: 120")]
    error = await caller.fails()
    assert (error.retry_after, caller.slept, len(server.asked)) == (120.0, [], 1)


async def test_what_the_body_says_of_the_wait_goes_before_the_header(caller: Caller, server: Server) -> None:
    server.answers = [answer(420, b"{}", "Retry-After: 3")]
    assert (await caller.fails()).retry_after == 45.0
    assert caller.budget.refusals == [("user.get", 45.0)]


async def test_what_the_library_says_of_a_secret_is_not_repeated(caller: Caller) -> None:
    register_secret("a-registered-secret")
    caller.headers = {"Authorization": "a-registered-secret\n"}
    assert str(await caller.fails()) == "LocalProtocolError: Illegal header value b'***\\n'"


async def test_what_goes_wrong_names_no_secret(caller: Caller, server: Server) -> None:
    for stumble, _, _ in STUMBLES.values():
        server.answers = [stumble]
        assert SECRET not in "".join(traceback.format_exception(await caller.fails()))
