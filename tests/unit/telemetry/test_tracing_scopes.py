"""Traces, spans and what they know of the work that they are about."""

import asyncio

import pytest

from shared.model.errors import RetryLater
from shared.ports.tracing import Span, SpanKind, TraceContext, entering, learn, span, traceparent

PARENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.mark.parametrize(
    "header",
    [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later",
    ],
)
def test_a_traceparent_is_read(header: str) -> None:
    assert TraceContext.parse(header) == PARENT


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "' OR 1=1 --",
    ],
)
def test_what_is_no_traceparent_is_none(header: str | None) -> None:
    assert TraceContext.parse(header) is None


def test_a_written_traceparent_can_be_read() -> None:
    context = TraceContext.new()
    assert TraceContext.parse(str(context)) == context


def test_a_span_lies_below_the_one_around_it() -> None:
    spans: list[Span] = []
    with entering(spans.append, PARENT), span("outer"), span("inner"):
        pass
    inner, outer = spans
    assert (outer.context.trace_id, outer.parent) == (PARENT.trace_id, PARENT.span_id)
    assert (inner.context.trace_id, inner.parent) == (PARENT.trace_id, outer.context.span_id)


def test_without_a_place_to_go_on_from_a_trace_begins() -> None:
    spans: list[Span] = []
    with entering(spans.append, None), span("outer"), span("inner"):
        pass
    inner, outer = spans
    assert outer.parent is None
    assert inner.context.trace_id == outer.context.trace_id


async def test_tasks_that_are_started_inside_belong_to_the_span() -> None:
    spans: list[Span] = []

    async def call() -> None:
        with span("call", SpanKind.CALL):
            await asyncio.sleep(0)

    with entering(spans.append, None), span("work"):
        tasks = [asyncio.create_task(call()) for _ in range(2)]
    await asyncio.gather(*tasks)
    work, *calls = spans
    assert {one.parent for one in calls} == {work.context.span_id}


def test_facts_come_along_with_every_span() -> None:
    spans: list[Span] = []
    with entering(spans.append, None, run_id="run-1", plan="one"), span("call", method="user.get"):
        learn(entity="user")
    assert spans[0].attributes == {"run_id": "run-1", "plan": "one", "entity": "user", "method": "user.get"}


def test_what_comes_out_of_a_span_is_its_verdict() -> None:
    spans: list[Span] = []
    with pytest.raises(RetryLater), entering(spans.append, None), span("call"):
        raise RetryLater("source.unreachable", "no route")
    assert (spans[0].verdict, spans[0].ok) == ("source.unreachable", False)


def test_a_verdict_that_was_given_holds() -> None:
    spans: list[Span] = []
    with entering(spans.append, None), span("call") as opened:
        opened.end_as("source.throttled", ok=True)
    assert (spans[0].verdict, spans[0].ok) == ("source.throttled", True)


def test_the_place_in_the_trace_is_that_of_the_current_span() -> None:
    spans: list[Span] = []
    with entering(spans.append, PARENT), span("outer"):
        place = traceparent()
    assert place == str(spans[0].context)


def test_outside_of_any_scope_nothing_is_collected() -> None:
    with span("nobody asks"):
        assert traceparent() is None
