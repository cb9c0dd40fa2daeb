"""How long whatever failed waits before it is tried again: longer each time, and never in step with others.

Calls have their own quick repetitions (``shared.http.backoff``); this is for pages and slices, which meanwhile keep no
worker.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

_SHORTEST = 0.25


@dataclass(frozen=True, slots=True)
class Pauses:
    """Exponential, with full jitter. Seconds."""

    first: float
    longest: float
    jitter: Callable[[float], float] = lambda bound: random.uniform(0.0, bound)

    def after(self, attempts: int) -> float:
        """When ``attempts`` have failed."""
        return self._within(self.first * 2.0 ** min(attempts, 30))

    def since(self, seconds: float) -> float:
        """When everything has failed for ``seconds``: who waits as long as it took so far doubles that each time."""
        return self._within(self.first + seconds)

    def _within(self, bound: float) -> float:
        return max(_SHORTEST, self.jitter(min(self.longest, bound)))


OUTAGE = Pauses(first=2.0, longest=15.0)
"""Of a side that is out. It ends when the side answers, or the run halts after ``Pace.halt_after``."""

STUMBLE = Pauses(first=4.0, longest=60.0)
"""Of records that the target stumbles over. It ends with ``Pace.transient_attempts``."""

DEFECT = Pauses(first=8.0, longest=120.0)
"""Of slices whose worker raised what nobody expected. It ends with the queue's patience, or ``Pace.most_attempts``."""
