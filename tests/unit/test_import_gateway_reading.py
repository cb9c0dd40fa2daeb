"""Reading back from a gateway that answers what the test tells it to."""

import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.line import Line
from connectors.import_gateway.reading import ReadBack
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.http.renewing import Renewable, never
from shared.model.errors import RetryLater
from tests.unit.listening import listening

_MOST = 20_000


class Server(ThreadingHTTPServer):
    """Has records of ``each`` bytes; ``answer`` goes instead of a list."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.each = 10
        self.answer: Any = None
        self.asked: list[int] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = body.get("source_ids", [])
        self.server.asked.append(len(ids))
        data = {"text": "x" * self.server.each}
        items = [{"source_id": one, "target_id": f"t{one}", "checksum": "c", "data": data} for one in ids]
        content = json.dumps({"items": items} if self.server.answer is None else self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _OpenBudget:
    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """Nothing to remember."""


@pytest.fixture
def server() -> Iterator[Server]:
    with listening(Server()) as server:
        yield server


@pytest.fixture
async def back(server: Server) -> AsyncIterator[ReadBack]:
    address = GatewayAddress.parse(f"http://127.0.0.1:{server.server_port}/webhook/7/s3cr3t-code")
    client = HttpClient("target", lambda _method, _verdict: None, Backoff(attempts=1), most_bytes=_MOST)
    yield ReadBack(Line(Renewable(address, never), client, _OpenBudget()))
    await client.close()


async def test_records_that_are_too_large_for_one_answer_are_asked_for_in_halves(
    back: ReadBack, server: Server
) -> None:
    server.each = 5_000
    found = await back.read("user", [str(one) for one in range(8)])
    assert found.keys() == {str(one) for one in range(8)}
    assert server.asked == [8, 4, 2, 2, 4, 2, 2]


async def test_a_record_that_is_too_large_alone_is_an_answer_that_makes_no_sense(
    back: ReadBack, server: Server
) -> None:
    server.each = 2 * _MOST
    with pytest.raises(RetryLater):
        await back.read("user", ["1"])


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"items": None},
        {"items": [{"source_id": "1"}], "next": None},
        {"items": [{"source_id": 1, "target_id": "t", "checksum": "c"}], "next": None},
        {"items": [], "next": "more"},
        {"items": [{"source_id": "1", "target_id": "t", "checksum": "c"}], "next": "here"},
    ],
)
async def test_a_list_that_breaks_the_contract_is_asked_for_again(back: ReadBack, server: Server, answer: Any) -> None:
    server.answer = answer
    with pytest.raises(RetryLater) as caught:
        await back.listing("user", "here")
    assert caught.value.reason.code == "target.unexpected_answer"


async def test_a_record_that_was_not_asked_for_is_no_answer(back: ReadBack, server: Server) -> None:
    server.answer = {"items": [{"source_id": "2", "target_id": "t", "checksum": "c", "data": {}}]}
    with pytest.raises(RetryLater):
        await back.read("user", ["1"])
