"""In which trace the work of a run lies."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from composition.tracing import Tracing
from shared.model.run import Run, RunMode, RunState
from shared.ports.tracing import Span, SpanKind, TraceContext
from shared.storage.memory.opening import open_memory_stores

CALLER = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
HOST = TraceContext(CALLER.trace_id, "00f067aa0ba902b7")
RUN = Run(
    "run-1",
    "one",
    RunMode.FULL,
    RunState.RUNNING,
    1,
    ("user",),
    datetime.fromtimestamp(1_760_000_000, UTC),
    "tester",
    "digest",
    trace=str(CALLER),
)


def _request(caller: str | None, host: str | None) -> Span:
    spans: list[Span] = []
    with Tracing(open_memory_stores().runs, spans.append).request("POST /api/runs", caller, host):
        pass
    return spans[0]


def test_a_request_goes_on_in_the_trace_of_its_caller() -> None:
    span = _request(str(CALLER), None)
    assert (span.context.trace_id, span.parent, span.kind) == (CALLER.trace_id, CALLER.span_id, SpanKind.REQUEST)


def test_a_request_that_the_platform_tells_of_is_a_step_of_that() -> None:
    span = _request(str(CALLER), str(HOST))
    assert (span.parent, span.kind) == (HOST.span_id, SpanKind.WORK)


@pytest.mark.parametrize("caller", [None, "nonsense"])
def test_a_request_without_a_usable_trace_begins_one(caller: str | None) -> None:
    assert _request(caller, None).parent is None


async def test_work_lies_in_the_trace_that_the_run_began_in() -> None:
    stores, spans = open_memory_stores(), list[Span]()
    await stores.runs.insert(RUN)
    async with Tracing(stores.runs, spans.append).work("extract", "run-1", entity="user"):
        pass
    assert (spans[0].context.trace_id, spans[0].parent) == (CALLER.trace_id, CALLER.span_id)
    assert spans[0].attributes == {"run_id": "run-1", "plan": "one", "entity": "user"}


async def test_work_for_a_run_that_nobody_knows_is_work_all_the_same() -> None:
    spans = list[Span]()
    async with Tracing(open_memory_stores().runs, spans.append).work("extract", "run-9"):
        pass
    assert (spans[0].name, spans[0].parent) == ("extract", None)


async def test_a_run_that_began_without_a_trace_gets_one_for_each_piece_of_work() -> None:
    stores, spans = open_memory_stores(), list[Span]()
    await stores.runs.insert(replace(RUN, trace=None))
    tracing = Tracing(stores.runs, spans.append)
    for _ in range(2):
        async with tracing.work("extract", "run-1"):
            pass
    assert len({span.context.trace_id for span in spans}) == 2
