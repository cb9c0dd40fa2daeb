"""What waits to be delivered."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from shared.http.redaction import register_secret
from shared.ports.telemetry import Event, Reading
from shared.ports.tracing import Span, SpanKind, TraceContext
from shared.telemetry.catalogue import DEAD_LETTERS
from shared.telemetry.outbox import Outbox

SECRET = "outboxsecret93021"
GOOD = Span("user.get", SpanKind.CALL, TraceContext.new(), None, 0.0, 0.1, "ok", ok=True, attributes={})
FAILED = replace(GOOD, verdict="source.unreachable", ok=False)


class Collector:
    """Keeps what is delivered. ``failing`` makes the delivery of spans raise."""

    def __init__(self, *, failing: bool = False) -> None:
        self.failing = failing
        self.taken: list[object] = []
        self.closed = False

    def spans(self, spans: Sequence[Span]) -> None:
        if self.failing:
            raise RuntimeError("the library broke")
        self.taken += spans

    def metrics(self, readings: Sequence[Reading]) -> None:
        self.taken += readings

    def events(self, events: Sequence[Event]) -> None:
        self.taken += events

    def close(self) -> None:
        self.closed = True


def _nothing() -> list[Reading]:
    return []


async def test_what_was_collected_is_delivered_once() -> None:
    collector = Collector()
    reading, event = Reading(DEAD_LETTERS, (), 0.0, 3.0), Event("said", 20, 0.0)
    readings = iter([[reading], []])
    outbox = Outbox(collector, lambda: next(readings))
    outbox.span(GOOD)
    outbox.event(event)
    await outbox.flush()
    await outbox.flush()
    assert collector.taken == [GOOD, reading, event]


async def test_sampling_drops_no_failure() -> None:
    collector = Collector()
    outbox = Outbox(collector, _nothing, share=0.0)
    failures = [replace(FAILED, context=TraceContext.new()) for _ in range(100)]
    for failure in failures:
        outbox.span(GOOD)
        outbox.span(failure)
    await outbox.flush()
    assert collector.taken == failures


async def test_sampling_drops_no_request() -> None:
    collector = Collector()
    outbox = Outbox(collector, _nothing, share=0.0)
    request = replace(GOOD, kind=SpanKind.REQUEST)
    outbox.span(request)
    await outbox.flush()
    assert collector.taken == [request]


async def test_a_share_of_what_went_well_is_delivered() -> None:
    collector = Collector()
    outbox = Outbox(collector, _nothing, share=0.25)
    for number in range(0, 0x1_0000_0000, 0x100_0000):
        outbox.span(replace(GOOD, context=TraceContext("1" * 32, f"{number:08x}00000000")))
    await outbox.flush()
    assert len(collector.taken) == 64


async def test_successes_do_not_crowd_failures_out() -> None:
    collector = Collector()
    outbox = Outbox(collector, _nothing)
    outbox.span(FAILED)
    for _ in range(10_000):
        outbox.span(GOOD)
    await outbox.flush()
    assert FAILED in collector.taken


async def test_secrets_are_masked_wherever_they_stand() -> None:
    register_secret(SECRET)
    collector = Collector()
    outbox = Outbox(collector, _nothing)
    outbox.span(replace(GOOD, name=f"a {SECRET}", verdict=SECRET, attributes={"host": f"https://h/rest/1/{SECRET}/"}))
    outbox.event(Event(f"said {SECRET}", 20, 0.0, attributes={"stack": SECRET}))
    await outbox.flush()
    assert len(collector.taken) == 2
    assert SECRET not in repr(collector.taken)


async def test_a_library_that_breaks_does_not_keep_the_rest_from_being_delivered() -> None:
    collector = Collector(failing=True)
    outbox = Outbox(collector, _nothing)
    outbox.span(GOOD)
    event = Event("said", 20, 0.0)
    outbox.event(event)
    await outbox.flush()
    assert collector.taken == [event]


async def test_what_is_left_at_the_end_is_delivered() -> None:
    collector = Collector()
    outbox = Outbox(collector, _nothing)
    delivering = asyncio.create_task(outbox.deliver_every(3600))
    await asyncio.sleep(0)
    outbox.span(GOOD)
    delivering.cancel()
    with suppress(asyncio.CancelledError):
        await delivering
    assert collector.taken == [GOOD]
    assert collector.closed
