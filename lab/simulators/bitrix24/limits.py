"""The portal's limits: a leaky bucket per caller's address, and ``operating`` seconds per method (API facts §2)."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.simulators.bitrix24.errors import PortalError

_WINDOW = 600
_BASKET = 60


@dataclass(slots=True)
class LeakyBucket:
    """Drains ``rate`` once per second; a request over ``burst`` is refused. Rate 0: no limit."""

    rate: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    highest: float = 0.0
    _level: float = 0.0
    _drained: int = 0

    def admit(self) -> bool:
        """Count one request, unless it is one too many."""
        if not self.rate:
            return True
        second = int(self.clock())
        self._level = max(0.0, self._level - (second - self._drained) * self.rate)
        self._drained = second
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        self.highest = max(self.highest, self._level)
        return True


@dataclass(slots=True)
class Operating:
    """Seconds a method took in the last ten minutes, in one-minute baskets, by webhook."""

    limit: float = 480.0
    clock: Callable[[], float] = time.time
    _baskets: dict[tuple[str, str], deque[list[float]]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, webhook: str, method: str) -> None:
        """The call that crosses the line goes through, the next one is refused."""
        if self.seconds(webhook, method) > self.limit:
            raise PortalError("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)

    def seconds(self, webhook: str, method: str) -> float:
        """What has been used up."""
        baskets = self._baskets[webhook, method]
        while baskets and baskets[0][0] <= self.clock() - _WINDOW:
            baskets.popleft()
        return sum(basket[1] for basket in baskets)

    def add(self, webhook: str, method: str, seconds: float) -> None:
        """Book a call."""
        baskets = self._baskets[webhook, method]
        if not baskets or self.clock() - baskets[-1][0] >= _BASKET:
            baskets.append([self.clock(), 0.0])
        baskets[-1][1] += seconds

    def reset_at(self, webhook: str, method: str) -> int:
        """When the oldest basket drops out, in Unix seconds."""
        baskets = self._baskets[webhook, method]
        return int((baskets[0][0] if baskets else self.clock()) + _WINDOW)
