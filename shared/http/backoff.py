"""Backoff: exponential, with full jitter, inside a deadline."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt. Seconds."""

    first: float = 0.25
    longest: float = 4.0
    deadline: float = 8.0
    attempts: int = 4
    jitter: Callable[[float], float] = lambda bound: random.uniform(0, bound)

    def wait(self, attempt: int, elapsed: float, retry_after: float | None) -> float | None:
        """Seconds to wait after failed ``attempt`` (from 1), or None to give up."""
        if attempt >= self.attempts:
            return None
        pause = self.jitter(min(self.longest, self.first * 2 ** (attempt - 1)))
        pause = max(pause, retry_after or 0.0)
        return pause if elapsed + pause <= self.deadline else None
