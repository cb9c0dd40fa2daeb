"""The two notions of time the engine needs, in one place so that tests can hold them still."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall clock of this process. Shared budgets use the storage service's clock instead."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """For measuring how long something took."""
        return time.monotonic()
