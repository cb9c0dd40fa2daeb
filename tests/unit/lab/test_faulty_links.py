"""The faulting proxy: what it does to a request, to its answer, and what it leaves alone."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from lab.faults import Dialect, FaultyLink, Kind, Share
from tests.unit.listening import listening

_BEFORE = (Kind.RESET, Kind.DROPPED, Kind.ERROR, Kind.UNAVAILABLE, Kind.BAD_GATEWAY, Kind.THROTTLED)


class Gateway(ThreadingHTTPServer):
    """Keeps the bodies of the calls that reach it, and says that every item went in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        said = b'{"imported":[],"failed":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with listening(Gateway()) as server:
        yield server


@pytest.fixture
def link(gateway: Gateway) -> Iterator[FaultyLink]:
    with FaultyLink(f"http://127.0.0.1:{gateway.server_port}/calls", Dialect.GATEWAY) as link:
        yield link


def _call(link: FaultyLink, content: bytes = b"{}") -> httpx.Response:
    return httpx.post(link.url, content=content)


def test_what_no_fault_hits_goes_through_unchanged(gateway: Gateway, link: FaultyLink) -> None:
    assert _call(link, b"bytes \x00\xff").json() == {"imported": [], "failed": []}
    assert gateway.bodies == [b"bytes \x00\xff"]


@pytest.mark.parametrize("kind", _BEFORE)
def test_a_fault_before_the_server_keeps_the_request_from_it(gateway: Gateway, link: FaultyLink, kind: Kind) -> None:
    link.share.then(kind)
    try:
        failed = _call(link).is_error
    except httpx.TransportError:
        failed = True
    assert failed
    assert gateway.bodies == []


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.CUT])
def test_a_fault_behind_the_server_loses_what_it_answered(gateway: Gateway, link: FaultyLink, kind: Kind) -> None:
    link.share.then(kind)
    with pytest.raises(httpx.TransportError):
        _call(link)
    assert len(gateway.bodies) == 1


def test_a_repeated_request_arrives_twice(gateway: Gateway, link: FaultyLink) -> None:
    link.share.then(Kind.REPEATED)
    assert _call(link).is_success
    assert len(gateway.bodies) == 2


def test_a_refusal_for_the_rate_says_when_to_come_back_and_lasts_a_moment(link: FaultyLink) -> None:
    link.share.then(Kind.THROTTLED)
    answers = [_call(link), _call(link)]
    assert [(one.status_code, one.headers["retry-after"]) for one in answers] == [(429, "1")] * 2


def test_items_that_fail_for_now_do_not_arrive(gateway: Gateway, link: FaultyLink) -> None:
    link.share.then(Kind.PARTIAL)
    items = [{"source_id": str(number), "data": {}} for number in range(5)]
    (failed,) = _call(link, httpx.Request("POST", "http://x", json={"items": items}).content).json()["failed"]
    assert (failed["code"], failed["retryable"]) == ("TRANSIENT", True)
    arrived = httpx.Response(200, content=gateway.bodies[0]).json()["items"]
    assert [one["source_id"] for one in items if one not in arrived] == [failed["source_id"]]


def test_a_server_that_is_down_answers_again_when_it_is_back(link: FaultyLink) -> None:
    link.down(True)
    with pytest.raises(httpx.TransportError):
        _call(link)
    link.down(False)
    assert _call(link).is_success


def test_a_refusal_of_storage_carries_its_error_code(gateway: Gateway) -> None:
    with FaultyLink(f"http://127.0.0.1:{gateway.server_port}", Dialect.TABLE) as link:
        link.share.then(Kind.UNAVAILABLE)
        assert _call(link).headers["x-ms-error-code"] == "ServerBusy"


def test_the_same_seed_draws_the_same_faults() -> None:
    first, second = (Share(0.3, tuple(Kind), seed=4) for _ in range(2))
    assert [first.draw() for _ in range(50)] == [second.draw() for _ in range(50)]
