"""The meter of a process: sums since it began, for whoever asks, and since the last reading, for collectors."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shared.ports.telemetry import Kind, Metric, Reading

BUCKETS = (25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 30_000.0, 60_000.0)
"""Upper bounds of a histogram's buckets, inclusive; the last one of all has none. Made for milliseconds of calls."""

_FRESH = 180.0
"""Seconds that a gauge is shown for. Who measures it may live on in another process."""


@dataclass(slots=True)
class Total:
    """What a metric came to since the process began. ``buckets`` holds as many values as each bucket has by itself."""

    value: float = 0.0
    count: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    at: float = 0.0


@dataclass(slots=True)
class _Since:
    value: float = 0.0
    count: int = 0
    least: float = float("inf")
    most: float = float("-inf")


_Key = tuple[Metric, tuple[str, ...]]


@dataclass(slots=True)
class Meter:
    """Counts, gauges and distributions by labels."""

    clock: Callable[[], float] = time.time
    _totals: dict[_Key, Total] = field(default_factory=dict)
    _since: dict[_Key, _Since] = field(default_factory=dict)

    def add(self, metric: Metric, *labels: str, value: float = 1.0) -> None:
        """Count ``value`` more."""
        self._note(metric, labels, value).value += value

    def observe(self, metric: Metric, *labels: str, value: float) -> None:
        """Note one value of a distribution."""
        total = self._note(metric, labels, value)
        total.value += value
        total.buckets[next((n for n, bound in enumerate(BUCKETS) if value <= bound), len(BUCKETS))] += 1

    def set(self, metric: Metric, *labels: str, value: float) -> None:
        """What a gauge shows now."""
        self._note(metric, labels, value).value = value
        self._since[metric, labels].value = value

    def totals(self) -> Iterator[tuple[Metric, tuple[str, ...], Total]]:
        """What there is to show now: sums since the process began, and gauges that were set lately."""
        oldest = self.clock() - _FRESH
        for (metric, labels), total in sorted(self._totals.items(), key=lambda item: (item[0][0].name, item[0][1])):
            if metric.kind is not Kind.GAUGE or total.at >= oldest:
                yield metric, labels, total

    def drain(self) -> list[Reading]:
        """What came in since the last time."""
        now, since, self._since = self.clock(), self._since, {}
        return [
            Reading(metric, labels, now, one.value, one.count, one.least, one.most)
            for (metric, labels), one in since.items()
        ]

    def _note(self, metric: Metric, labels: tuple[str, ...], value: float) -> Total:
        if len(labels) != len(metric.labels):
            raise ValueError(f"{metric.name} has the labels {metric.labels}")
        total = self._totals.setdefault((metric, labels), Total())
        total.count += 1
        total.at = self.clock()
        since = self._since.setdefault((metric, labels), _Since())
        if metric.kind is Kind.GAUGE:
            since.count, since.least, since.most = 1, value, value
        else:
            since.value += value
            since.count += 1
            since.least, since.most = min(since.least, value), max(since.most, value)
        return total
