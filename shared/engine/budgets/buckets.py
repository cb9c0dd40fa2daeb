"""The arithmetic of budgets: how many calls may start when. Pure; instants are seconds of the storage service's clock.

A draw books calls ahead: each granted call has the instant from which it may start. What is left is kept in a small
JSON state that lives in a shared row.
"""

from dataclasses import dataclass
from typing import Protocol

from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class Draw:
    """What a draw gave: the state to write back and the instants from which the granted calls may start, ascending.

    ``next`` is the earliest start of the first call that was wanted and not granted, or None when all were.
    """

    state: JsonObject
    starts: tuple[float, ...]
    next: float | None


class Allowance(Protocol):
    """How many calls another system takes."""

    @property
    def per_second(self) -> float:
        """Calls per second in the long run."""

    def draw(self, state: JsonObject, now: float, wanted: int, *, until: float, span: float, pace: float = 1.0) -> Draw:
        """Book up to ``wanted`` calls that start before ``until`` and at most ``span`` seconds after the first one.

        ``state`` is what an earlier draw left, ``{}`` at the very first. ``pace`` (0 < pace ≤ 1) slows the refill down.
        """

    def emptied(self, state: JsonObject, now: float) -> JsonObject:
        """The state after the owner refused a call: what was saved up is gone."""

    def used(self, state: JsonObject, now: float) -> float:
        """How much of what may start at once, or within the window, is spent: 0 to 1."""


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """``rate`` calls per second; up to ``burst`` at once after a rest.

    Any interval of ``t`` seconds has at most ``burst + rate · t`` starts, however slow or coarse the clock is and
    however the pace changes. The state is the instant at which the bucket would be full again: each call moves it.
    """

    rate: float
    burst: float

    @property
    def per_second(self) -> float:
        """Calls per second in the long run."""
        return self.rate

    def draw(self, state: JsonObject, now: float, wanted: int, *, until: float, span: float, pace: float = 1.0) -> Draw:
        """See ``Allowance.draw``."""
        full_at: float = state.get("full_at", now)
        starts: list[float] = []
        following: float | None = None
        while len(starts) < wanted:
            start = max(now, full_at - (self.burst - 1.0) / self.rate)
            if start > until or (starts and start > starts[0] + span):
                following = start
                break
            full_at = max(start, full_at) + 1.0 / (self.rate * pace)
            starts.append(start)
        return Draw({"full_at": full_at}, tuple(starts), following)

    def emptied(self, state: JsonObject, now: float) -> JsonObject:
        """See ``Allowance.emptied``."""
        return {"full_at": max(state.get("full_at", now), now + self.burst / self.rate)}

    def used(self, state: JsonObject, now: float) -> float:
        """See ``Allowance.used``."""
        full_at: float = state.get("full_at", now)
        return min(1.0, max(0.0, (full_at - now) * self.rate / self.burst))


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """At most ``limit`` calls in any ``seconds``, as the owner counts them on arrival.

    Calls arrive up to ``margin`` seconds after their start (clock resolution, a grant kept for a while, the network),
    so our own window is longer by that. Within it calls are spread evenly, after a burst worth two seconds: bursts
    return one window later as a gap, and a gap must stay well under the patience of a waiter.
    """

    limit: int
    seconds: int = 60
    margin: int = 2

    @property
    def per_second(self) -> float:
        """Calls per second in the long run."""
        return self.limit / self._length

    def draw(self, state: JsonObject, now: float, wanted: int, *, until: float, span: float, pace: float = 1.0) -> Draw:
        """See ``Allowance.draw``. The state holds the starts per whole second, and the bucket that spreads them."""
        counts = {int(second): int(n) for second, n in state.get("counts", {}).items()}
        counts = {second: n for second, n in counts.items() if second > int(now) - self._length}
        bucket: JsonObject = state.get("bucket", {})
        starts: list[float] = []
        following: float | None = None
        while len(starts) < wanted:
            step = self._bucket.draw(bucket, now, 1, until=float("inf"), span=span, pace=pace)
            start = self._free_from(counts, step.starts[0])
            if start > until or (starts and start > starts[0] + span):
                following = start
                break
            bucket = step.state
            counts[int(start)] = counts.get(int(start), 0) + 1
            starts.append(start)
        return Draw(_window_state(counts, bucket), tuple(starts), following)

    def emptied(self, state: JsonObject, now: float) -> JsonObject:
        """See ``Allowance.emptied``."""
        return {**state, "bucket": self._bucket.emptied(state.get("bucket", {}), now)}

    def used(self, state: JsonObject, now: float) -> float:
        """See ``Allowance.used``."""
        counts: dict[str, int] = state.get("counts", {})
        begin = int(now) - self._length
        return min(1.0, sum(number for second, number in counts.items() if int(second) > begin) / self.limit)

    @property
    def _length(self) -> int:
        return self.seconds + self.margin

    @property
    def _bucket(self) -> TokenBucket:
        return TokenBucket(self.per_second, max(1.0, 2 * self.per_second))

    def _free_from(self, counts: dict[int, int], start: float) -> float:
        """The first instant from ``start`` on at which the window has room for one more."""
        live = sorted(second for second in counts if second > int(start) - self._length)
        taken = sum(counts[second] for second in live)
        for second in live:
            if taken < self.limit:
                break
            taken -= counts[second]
            start = max(start, float(second + self._length))
        return start


def _window_state(counts: dict[int, int], bucket: JsonObject) -> JsonObject:
    return {"counts": {str(second): n for second, n in counts.items()}, "bucket": bucket}
