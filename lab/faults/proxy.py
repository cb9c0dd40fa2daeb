"""The proxy itself: one connection to the server for each of a client, one request after the other."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.faults.kinds import Dialect, Kind, Share
from lab.faults.partial import joined, split
from lab.faults.wire import Message, read_answer, read_request

_LARGEST_HEAD = 1 << 18
_BURST_SECONDS = 1.5


class _Reset(Exception):
    """The client's connection is to be broken now."""


class _Closed(Exception):
    """The client's connection is to be closed, as if nothing were amiss."""


@dataclass(slots=True)
class FaultyProxy:
    """Passes requests on to ``server`` (host, port) byte by byte, but for those that a fault hits.

    ``down`` refuses everything, as a server that is not there. Nothing is changed in a request, so signatures hold.
    """

    server: tuple[str, int]
    dialect: Dialect
    share: Share
    spared: Callable[[Message], bool] = lambda _: False
    down: bool = False
    slow_seconds: float = 1.0
    _throttled_until: float = field(default=0.0, init=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set, init=False)

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """One connection of a client, until either side ends it or a fault does."""
        self._open.add(answers)
        upstream: _Upstream | None = None
        try:
            while not self.down and (request := await read_request(client)) is not None:
                if upstream is None or upstream.over:
                    upstream = await _Upstream.to(self.server)
                answers.write(await self._answer(request, upstream, answers))
                await answers.drain()
        except _Closed:
            pass
        except (_Reset, OSError, asyncio.CancelledError, asyncio.LimitOverrunError):
            _reset(answers)
        finally:
            answers.close()
            self._open.discard(answers)
            if upstream is not None:
                upstream.close()

    def break_all(self) -> None:
        """Reset every connection."""
        for one in list(self._open):
            _reset(one)

    async def _answer(self, request: Message, upstream: "_Upstream", client: asyncio.StreamWriter) -> bytes:
        kind = None if self.spared(request) else self.share.draw()
        now = asyncio.get_running_loop().time()
        if kind is Kind.THROTTLED:
            self._throttled_until = now + _BURST_SECONDS
        if now < self._throttled_until and not self.spared(request):
            return self.dialect.refusal(Kind.THROTTLED)
        match kind:
            case Kind.RESET:
                raise _Reset
            case Kind.DROPPED:
                raise _Closed
            case Kind.ERROR | Kind.UNAVAILABLE | Kind.BAD_GATEWAY:
                return self.dialect.refusal(kind)
            case Kind.SLOW:
                await asyncio.sleep(self.slow_seconds)
            case Kind.REPEATED:
                await upstream.ask(request)
            case Kind.PARTIAL:
                return (await self._in_part(request, upstream)).whole
            case _:
                pass
        return await self._after(kind, await upstream.ask(request), client)

    async def _after(self, kind: Kind | None, answer: Message, client: asyncio.StreamWriter) -> bytes:
        match kind:
            case Kind.LOST:
                raise _Reset
            case Kind.TIMED_OUT:
                return self.dialect.refusal(kind)
            case Kind.CUT:
                client.write(answer.whole[: len(answer.head) + len(answer.body) // 2])
                raise _Closed
            case Kind.LATE:
                await asyncio.sleep(self.slow_seconds)
        return answer.whole

    async def _in_part(self, request: Message, upstream: "_Upstream") -> Message:
        parted = split(request, self.share.part)
        if parted is None:
            return await upstream.ask(request)
        rest, failed = parted
        return joined(await upstream.ask(rest), failed)


@dataclass(slots=True)
class _Upstream:
    """A connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @staticmethod
    async def to(server: tuple[str, int]) -> "_Upstream":
        return _Upstream(*await asyncio.open_connection(*server, limit=_LARGEST_HEAD))

    @property
    def over(self) -> bool:
        """Whether the server has closed it, as servers do with idle connections: no fault of anybody's."""
        return self.reader.at_eof() or self.writer.is_closing()

    async def ask(self, request: Message) -> Message:
        self.writer.write(request.whole)
        await self.writer.drain()
        return await read_answer(self.reader, request)

    def close(self) -> None:
        self.writer.close()


def _reset(client: asyncio.StreamWriter) -> None:
    """RST instead of FIN: nothing that was sent and not read yet may still be read."""
    connection = client.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.transport.abort()
