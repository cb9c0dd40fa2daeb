"""How many items a write call should have, by how the last calls of its method went. Pure.

A call costs the gateway about the same whatever is in it, so larger is better until it takes too long or fails.
"""

import math
from collections import deque
from dataclasses import dataclass, field

START = 50
"""Items of the first call. What the gateway takes at most may be less."""

_FAST = 5.0
"""Seconds that 95 of 100 calls may take, if a call is to grow."""

_TRIED = 4
"""Full calls that have to go well at one size before the next."""

_REMEMBERED = 20
_ERRORS_ALLOWED = 0.1


@dataclass(slots=True)
class BatchSize:
    """Of one method. It never grows beyond twice of what is really sent, which the gateway's own limits bound."""

    items: int = START
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _stumbles: deque[bool] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def went_well(self, items: int, seconds: float) -> None:
        """A call with ``items`` was answered after ``seconds``. One that was not full says nothing of larger ones."""
        self._stumbles.append(False)
        if items < self.items:
            return
        self._seconds.append(seconds)
        errors = sum(self._stumbles) / len(self._stumbles)
        if len(self._seconds) >= _TRIED and _p95(self._seconds) <= _FAST and errors <= _ERRORS_ALLOWED:
            self.items *= 2
            self._seconds.clear()

    def stumbled(self, items: int) -> None:
        """A call with ``items`` was too large, took too long or broke. Repeats of the call halve no further."""
        self._stumbles.append(True)
        self.items = max(1, min(self.items, items // 2))
        self._seconds.clear()


def _p95(seconds: deque[float]) -> float:
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
