"""What waits to be delivered: bounded, redacted, and of spans that went well only a share.

Delivery is best effort. What does not fit or does not get through is lost; nothing waits for it, and the ledger stays
the truth.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from shared.http.redaction import redact
from shared.ports.telemetry import Event, Reading, Telemetry
from shared.ports.tracing import Span, SpanKind

_LOG = logging.getLogger("portage.telemetry")
_MOST = 8192

_T = TypeVar("_T")


def _queue() -> deque[_T]:
    return deque(maxlen=_MOST)


@dataclass(slots=True)
class Outbox:
    """Collects for one ``telemetry``. ``share`` (0 to 1) is how many of the spans that went well are kept.

    Failures and requests are always kept, and have a queue of their own, in which successes cannot crowd them out.
    """

    telemetry: Telemetry
    readings: Callable[[], Sequence[Reading]]
    share: float = 1.0
    _grave: deque[Span] = field(default_factory=_queue)
    _good: deque[Span] = field(default_factory=_queue)
    _events: deque[Event] = field(default_factory=_queue)
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def span(self, span: Span) -> None:
        """Take a finished span."""
        grave = not span.ok or span.kind is SpanKind.REQUEST
        if grave or _chance(span) < self.share:
            attributes = {name: redact(value) for name, value in span.attributes.items()}
            clean = replace(span, name=redact(span.name), verdict=redact(span.verdict), attributes=attributes)
            (self._grave if grave else self._good).append(clean)

    def event(self, event: Event) -> None:
        """Take an event."""
        attributes = {name: redact(value) for name, value in event.attributes.items()}
        self._events.append(replace(event, message=redact(event.message), attributes=attributes))

    async def flush(self) -> None:
        """Deliver what there is."""
        async with self._sending:
            spans = [*_taken(self._grave), *_taken(self._good)]
            await asyncio.to_thread(self._deliver, spans, self.readings(), _taken(self._events))

    async def deliver_every(self, seconds: float) -> None:
        """Deliver again and again; when this is cancelled, once more."""
        try:
            while True:
                await asyncio.sleep(seconds)
                await self.flush()
        finally:
            await self.flush()
            await asyncio.to_thread(self.telemetry.close)

    def _deliver(self, spans: Sequence[Span], readings: Sequence[Reading], events: Sequence[Event]) -> None:
        telemetry = self.telemetry
        for deliver, what in (
            (partial(telemetry.spans, spans), spans),
            (partial(telemetry.metrics, readings), readings),
            (partial(telemetry.events, events), events),
        ):
            try:
                if what:
                    deliver()
            except Exception as error:  # an adapter's library must not end the delivery of everything to come
                _LOG.warning("telemetry was lost: %s", type(error).__name__)


def _chance(span: Span) -> float:
    """Between 0 and 1; the same for one span each time."""
    return int(span.context.span_id[:8], 16) / 0x1_0000_0000


def _taken(queue: deque[_T]) -> list[_T]:
    taken: list[_T] = []
    with suppress(IndexError):
        while True:
            taken.append(queue.popleft())
    return taken
