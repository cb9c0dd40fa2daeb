"""Batches that are refused as a whole: cut in half until the records at fault are alone; the others go in.

The keys stay the same at every cut, so what had gone in before a call broke is recognised (contract §2).
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from connectors.import_gateway.refusals import BatchTooLarge, Malformed
from shared.model.errors import PortageError, RetryLater
from shared.model.records import OutgoingItem, Receipt

_SYSTEMATIC = 8
"""Records refused one after the other, with none let in, after which it is not the records that are at fault."""

_LONGEST = 60.0
"""Seconds after which calls that break are no longer cut: the next attempt begins with smaller ones (``BatchSize``)."""

Send = Callable[[str, Sequence[OutgoingItem]], Awaitable[tuple[Receipt, ...]]]
"""One call: (batch id, items)."""


@dataclass(slots=True)
class Bisection:
    """Delivers one batch. ``answers`` tells whether the gateway is well apart from what was sent."""

    send: Send
    answers: Callable[[], Awaitable[bool]]
    ticks: Callable[[], float] = time.monotonic
    _begun: float | None = field(default=None, init=False)
    _passed: bool = field(default=False, init=False)
    _refused: int = field(default=0, init=False)

    async def write(self, batch_id: str, items: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
        """A receipt for each item, in their order.

        Alone, a record that is too large or malformed is answered as ``VALIDATION``, one on which the gateway breaks
        down while it answers everything else as ``TRANSIENT``. Raises what is nobody's fault among the items.
        """
        self._begun = self.ticks() if self._begun is None else self._begun
        try:
            receipts = await self.send(batch_id, items)
        except (BatchTooLarge, Malformed, RetryLater) as error:
            if not await self._may_be_of_a_record(error):
                raise
            if len(items) == 1:
                return (self._alone(items[0], error),)
            if isinstance(error, RetryLater) and self.ticks() - self._begun > _LONGEST:
                raise
            half = len(items) // 2
            first = await self.write(f"{batch_id}-a", items[:half])
            return (*first, *await self.write(f"{batch_id}-b", items[half:]))
        self._passed = True
        return receipts

    async def _may_be_of_a_record(self, error: PortageError) -> bool:
        if not isinstance(error, RetryLater):
            return True
        broke = error.reason.code == "target.unreachable" and error.retry_after is None
        return broke and await self.answers()

    def _alone(self, item: OutgoingItem, error: PortageError) -> Receipt:
        self._refused += 1
        if self._refused >= _SYSTEMATIC and not self._passed and not isinstance(error, BatchTooLarge):
            raise error
        retryable = isinstance(error, RetryLater)
        code = "TRANSIENT" if retryable else "VALIDATION"
        return Receipt(item.source_id, "failed", code=code, reason=error.message, retryable=retryable)
