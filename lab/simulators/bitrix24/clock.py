"""The portal's own clock, which need not be this machine's."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Unix time at the portal: ``ahead`` seconds (negative: behind) of this machine's."""

    ahead: float = 0.0

    def __call__(self) -> float:
        """Now."""
        return time.time() + self.ahead
