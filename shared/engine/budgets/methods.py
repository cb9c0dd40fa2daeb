"""Budgets of an owner that limits each of its methods separately."""

from collections.abc import Mapping

from shared.engine.budgets.buckets import SlidingWindow
from shared.engine.budgets.governor import Governor
from shared.ports.stores import SharedRows


class MethodBudgets:
    """A ``Budget`` of an owner that counts each method by itself: a governor per method, made on demand."""

    def __init__(self, rows: SharedRows, owner: str, otherwise: int = 300) -> None:
        """``owner`` is the side and the host: ``target:gateway.example:8090``.

        ``otherwise`` is the limit, in calls per minute, of methods of which the owner said nothing.
        """
        self._rows = rows
        self._owner = owner
        self._otherwise = otherwise
        self._governors: dict[str, Governor] = {}

    def learn(self, per_minute: Mapping[str, int]) -> None:
        """Take over the owner's limits, by method: calls in any 60 seconds."""
        for method, limit in per_minute.items():
            self._governor(method).allowance = SlidingWindow(limit)

    @property
    def governors(self) -> Mapping[str, Governor]:
        """Those that there are by now, by method."""
        return self._governors

    async def acquire(self, method: str, calls: int = 1) -> None:
        """See ``Governor.acquire``."""
        await self._governor(method).acquire(method, calls)

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """See ``Governor.throttled``."""
        await self._governor(method).throttled(method, retry_after)

    def _governor(self, method: str) -> Governor:
        if method not in self._governors:
            self._governors[method] = Governor(self._rows, f"{self._owner}:{method}", SlidingWindow(self._otherwise))
        return self._governors[method]
