"""The port to whoever collects telemetry, and the three things that it takes: spans, metrics, events.

Adapters get what is finished: identifiers, durations and sums are made here, so that every adapter tells the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from shared.ports.tracing import Span, TraceContext


class Kind(StrEnum):
    """How the values of a metric go together."""

    COUNTER = "counter"  # they add up
    GAUGE = "gauge"  # the last one holds
    HISTOGRAM = "histogram"  # their distribution tells


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured. ``name`` is that of the collector; ``labels`` are the names of its dimensions, in order."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric came to since the reading before: of a gauge its value, of the others a sum over ``count`` values.

    ``at`` is in seconds since 1970. ``least`` and ``most`` are the extremes of single values.
    """

    metric: Metric
    labels: tuple[str, ...]
    at: float
    value: float
    count: int = 1
    least: float = 0.0
    most: float = 0.0

    @property
    def dimensions(self) -> dict[str, str]:
        """Labels by name."""
        return dict(zip(self.metric.labels, self.labels, strict=True))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was said: a log line. ``level`` is that of ``logging``, ``at`` in seconds since 1970.

    ``context`` is the span in which it was said. An exception is told by type and place, never by its message, which
    may quote a record.
    """

    message: str
    level: int
    at: float
    context: TraceContext | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class Telemetry(Protocol):
    """A collector. Calls block until it has taken what it is given; they raise nothing, and what is lost is lost."""

    def spans(self, spans: Sequence[Span]) -> None:
        """Deliver finished spans."""

    def metrics(self, readings: Sequence[Reading]) -> None:
        """Deliver readings."""

    def events(self, events: Sequence[Event]) -> None:
        """Deliver events."""

    def close(self) -> None:
        """Give back threads and connections."""
