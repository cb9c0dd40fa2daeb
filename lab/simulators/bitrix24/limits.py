"""The portal's limits: a leaky bucket per caller's address, and ``operating`` seconds per method (API facts §2)."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.simulators.bitrix24.errors import PortalError

WINDOW = 600.0
_BASKETS = 10
_UNRECORDED = 0.1  # seconds: what is faster leaves no trace in ``operating``


@dataclass(slots=True)
class LeakyBucket:
    """Drains ``rate`` once per second; a request over ``burst`` is refused, and counts all the same. Rate 0: none."""

    rate: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    highest: float = 0.0
    _level: float = 0.0
    _drained: int = 0

    def admit(self) -> bool:
        """Count one request; false when it is one too many."""
        if not self.rate:
            return True
        second = int(self.clock())
        self._level = max(0.0, self._level - (second - self._drained) * self.rate)
        self._drained = second
        self._level += 1
        self.highest = max(self.highest, min(self._level, float(self.burst)))
        return self._level <= self.burst


@dataclass(frozen=True, slots=True)
class Spent:
    """What an answer says of its method's ``operating``: seconds, and when the oldest basket drops out (Unix time)."""

    operating: float
    operating_reset_at: int


@dataclass(slots=True)
class Operating:
    """Seconds that each method took of each webhook, in ten baskets that drop out one by one. Limit 0: none."""

    limit: float = 480.0
    window: float = WINDOW
    clock: Callable[[], float] = time.time
    _baskets: dict[tuple[str, str], deque[list[float]]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, webhook: str, method: str) -> None:
        """The call that crosses the line goes through, the next one is refused."""
        if self.limit and self.spent(webhook, method).operating > self.limit:
            raise PortalError("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)

    def add(self, webhook: str, method: str, seconds: float) -> None:
        """Book a call. A basket begins with the first call in it."""
        if seconds < _UNRECORDED:
            return
        baskets = self._baskets[webhook, method]
        now = float(int(self.clock()))
        if not baskets or now - baskets[-1][0] >= self.window / _BASKETS:
            baskets.append([now, 0.0])
        baskets[-1][1] += seconds

    def spent(self, webhook: str, method: str) -> Spent:
        """What is in the baskets now."""
        now = self.clock()
        baskets = self._baskets[webhook, method]
        while baskets and baskets[0][0] <= now - self.window:
            baskets.popleft()
        oldest = baskets[0][0] if baskets else now
        return Spent(round(sum(basket[1] for basket in baskets), 6), int(oldest + self.window))
