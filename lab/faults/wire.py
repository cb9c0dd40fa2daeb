"""HTTP/1.1 messages as they are on the wire, read without changing a byte (RFC 9112 §6)."""

import asyncio
from dataclasses import dataclass

_HEAD_ENDS = b"\r\n\r\n"
_NO_BODY = frozenset({204, 304})


class Broken(ConnectionError):
    """What arrived is no whole message."""


@dataclass(frozen=True, slots=True)
class Message:
    """``head`` ends with the empty line; ``body`` is as it was sent, chunk sizes included."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        """All its bytes."""
        return self.head + self.body

    @property
    def start(self) -> list[str]:
        """The first line: method, target, version of a request; version, status, reason of an answer."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)

    @property
    def method(self) -> str:
        """Of a request."""
        return self.start[0]

    @property
    def target(self) -> str:
        """Path and query of a request."""
        return self.start[1]

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.start[1])

    @property
    def plain(self) -> bool:
        """Whether the body is what was meant: not in chunks, not compressed."""
        return self.header("transfer-encoding") is None and self.header("content-encoding") is None

    def header(self, name: str) -> str | None:
        """The first header of a name, in lower case; None without one."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, colon, value = line.partition(":")
            if colon and key.strip().lower() == name:
                return value.strip()
        return None

    def with_body(self, body: bytes) -> "Message":
        """The same head with another plain body and its length."""
        lines = self.head.removesuffix(_HEAD_ENDS).split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(b"content-length:")]
        head = b"\r\n".join([*kept, b"Content-Length: %d" % len(body)]) + _HEAD_ENDS
        return Message(head, body)


async def read_request(stream: asyncio.StreamReader) -> Message | None:
    """The next request, None when the connection is over. Raises Broken for half a request."""
    head = await _head(stream)
    if head is None:
        return None
    bare = Message(head, b"")
    if _chunked(bare):
        return Message(head, await _chunks(stream))
    return Message(head, await _exactly(stream, int(bare.header("content-length") or 0)))


async def read_answer(stream: asyncio.StreamReader, request: Message) -> Message:
    """The final answer to ``request``. Raises Broken when the connection ends before it is whole."""
    while True:
        head = await _head(stream)
        if head is None:
            raise Broken("no answer")
        bare = Message(head, b"")
        if bare.status >= 200:
            break
    if request.method == "HEAD" or bare.status in _NO_BODY:
        return bare
    if _chunked(bare):
        return Message(head, await _chunks(stream))
    length = bare.header("content-length")
    return Message(head, await stream.read() if length is None else await _exactly(stream, int(length)))


def _chunked(message: Message) -> bool:
    return "chunked" in (message.header("transfer-encoding") or "").lower()


async def _head(stream: asyncio.StreamReader) -> bytes | None:
    try:
        return await stream.readuntil(_HEAD_ENDS)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Broken("half a head") from None
        return None


async def _exactly(stream: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await stream.readexactly(size)
    except asyncio.IncompleteReadError:
        raise Broken("half a body") from None


async def _chunks(stream: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while True:
        try:
            line = await stream.readuntil(b"\r\n")
        except asyncio.IncompleteReadError:
            raise Broken("half a chunk") from None
        size = int(line.split(b";", 1)[0], 16)
        parts += [line, await _exactly(stream, size + 2)]
        if size == 0:
            return b"".join(parts)
