"""What the HTTP client tells of its calls."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.ports.tracing import Span, SpanKind, TraceContext, entering
from tests.unit.http.scripted_server import GOOD, SECRET, Caller, Server, answer, hang_up

PARENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield Caller(server)
    listening.close()


async def _spans_of(caller: Caller, *, failing: bool = False) -> list[Span]:
    spans: list[Span] = []
    with entering(spans.append, PARENT, run_id="run-1"):
        await (caller.fails() if failing else caller.post())
    return spans


async def test_a_call_is_told_by_its_method_and_host(caller: Caller) -> None:
    (span,) = await _spans_of(caller)
    assert (span.name, span.kind, span.verdict, span.ok) == ("user.get", SpanKind.CALL, "ok", True)
    assert span.attributes == {"run_id": "run-1", "system": "source", "host": f"127.0.0.1:{caller.server.port}"}


async def test_a_call_lies_in_the_trace_that_it_is_made_in(caller: Caller) -> None:
    (span,) = await _spans_of(caller)
    assert (span.context.trace_id, span.parent) == (PARENT.trace_id, PARENT.span_id)


async def test_no_part_of_the_url_is_told(caller: Caller) -> None:
    caller.server.answers = [hang_up]
    assert SECRET not in repr(await _spans_of(caller, failing=True))


async def test_every_attempt_is_a_call_of_its_own(caller: Caller) -> None:
    caller.server.answers = [hang_up, answer(200, GOOD)]
    assert [span.verdict for span in await _spans_of(caller)] == ["source.unreachable", "ok"]


async def test_a_refusal_is_a_failure_with_its_reason(caller: Caller) -> None:
    caller.server.answers = [answer(400, b"{}")]
    (span,) = await _spans_of(caller, failing=True)
    assert (span.verdict, span.ok) == ("source.refused", False)


async def test_throttling_is_no_failure(caller: Caller) -> None:
    caller.server.answers = [answer(429, b"{}")]
    (span,) = await _spans_of(caller, failing=True)
    assert (span.verdict, span.ok) == ("source.throttled", True)
