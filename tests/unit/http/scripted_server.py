"""A server that says what the test tells it to, byte by byte, and a client of it that can be watched."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson
import pytest

from shared.http.backoff import Backoff
from shared.http.client import Answer, HttpClient
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
    into: BinaryIO | None = None

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
                url,
                content,
                method="user.get",
                classify=classify if self.into is None else _taken,
                budget=self.budget,
                headers=self.headers,
                into=self.into,
            )
        finally:
            await client.close()

    async def fails(self) -> PortageError:
        with pytest.raises(PortageError) as failure:
            await self.post()
        return failure.value


def _taken(said: Answer) -> PortageError | None:
    """What went into a file is good as it is."""
    return None if said.status == 200 else classify(said)


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
