"""A line to a gateway that refuses calls and spoils answers as a test wants."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import orjson

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.gateway import ImportGateway
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.json import JsonObject
from shared.ports.stores import MediaStore
from tests.unit.gateway.gateway_process import CODE
from tests.unit.listening import listening

Answer = tuple[int, bytes] | None
"""Status and body; None: the connection ends without an answer."""


class Line(ThreadingHTTPServer):
    """Hands calls on to ``base``, and what ``spoil`` makes of the answers back. A file counts as a call of one item."""

    daemon_threads = True

    def __init__(self, base: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base = base
        self.http = httpx.Client()
        self.bodies: list[JsonObject] = []
        self.refuse: Callable[[JsonObject], Answer] | None = None
        self.spoil: Callable[[int, bytes], Answer] = lambda status, body: (status, body)

    def calls_with(self, source_id: str) -> list[JsonObject]:
        """The item of every call that carried the record."""
        return [one for body in self.bodies for one in body.get("items", []) if one["source_id"] == source_id]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet to an answer: of two, the second would wait for an acknowledgement
    server: Line

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers.get("X-Media-Key")
        body = {"items": [{"source_id": key}]} if key else orjson.loads(content)
        self.server.bodies.append(body)
        answer = self._answer(body, content)
        if answer is None:
            self.close_connection = True
            return
        status, said = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _answer(self, body: JsonObject, content: bytes) -> Answer:
        writes = "items" in body
        if writes and self.server.refuse and (refused := self.server.refuse(body)):
            return refused
        headers = {name: value for name, value in self.headers.items() if name.startswith(("Content-Type", "X-"))}
        passed = self.server.http.post(self.server.base + self.path, content=content, headers=headers)
        answered = passed.status_code, passed.content
        return self.server.spoil(*answered) if writes else answered

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _OpenBudget:
    """Always gives leave."""

    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """Nothing to remember."""

    def learn(self, per_minute: object) -> None:
        """Nothing to learn."""


@contextmanager
def opened(base: str) -> Iterator[Line]:
    """A line to the gateway at ``base`` that is there meanwhile."""
    with listening(Line(base)) as line:
        try:
            yield line
        finally:
            line.http.close()


@asynccontextmanager
async def gateway_over(line: Line, media: MediaStore, longest_call: float = 60.0) -> AsyncIterator[ImportGateway]:
    """A client of the gateway at the end of the line, which gives up a call after its second attempt."""
    address = GatewayAddress.parse(f"http://127.0.0.1:{line.server_port}/webhook/7/{CODE}")
    backoff = Backoff(first=0.001, attempts=2)
    client = HttpClient("target", lambda _method, _verdict: None, backoff=backoff, longest_call=longest_call)
    try:
        yield ImportGateway(address, client, _OpenBudget(), media)
    finally:
        await client.close()
