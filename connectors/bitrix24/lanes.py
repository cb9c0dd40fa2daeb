"""One budget for a portal, and pauses for each of its webhooks (API facts §2.1, §2.2)."""

from dataclasses import dataclass

from shared.ports.systems import Budget


@dataclass(frozen=True, slots=True)
class Lane:
    """The portal's ``budget`` as its webhook ``number`` draws on it.

    The rate belongs to the portal. The seconds that a method may take belong to the webhook, so a method that rests
    for one of them goes on through the others.
    """

    budget: Budget
    number: int

    async def acquire(self, method: str, calls: int = 1) -> None:
        """See ``Budget.acquire``."""
        await self.budget.acquire(self._own(method), calls)

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """See ``Budget.throttled``."""
        await self.budget.throttled(self._own(method), retry_after)

    def _own(self, method: str) -> str:
        return f"{method} of webhook {self.number}" if self.number else method
