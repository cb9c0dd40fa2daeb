"""Delivering: items into batches of the size the target takes, a few calls at a time, transient failures repeated."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import orjson

from shared.model.errors import RunStopped
from shared.model.records import Capabilities, OutgoingItem, Receipt
from shared.ports.systems import Target

_ENVELOPE = 1024
"""Bytes left for the call around the items."""

_REPEATS = 3

MayCall = Callable[[], Awaitable[None]]
"""Raises when the worker must not start another call."""


@dataclass(slots=True)
class Delivery:
    """What came of one delivery. ``trouble`` says why some of it could not be delivered now."""

    receipts: list[Receipt] = field(default_factory=list)
    trouble: Exception | None = None
    stumbled: set[str] = field(default_factory=set)


async def deliver(
    target: Target,
    capabilities: Capabilities,
    entity: str,
    run_id: str,
    batch_prefix: str,
    items: Sequence[OutgoingItem],
    in_flight: int,
    may_call: MayCall,
) -> Delivery:
    """Send ``items``. Never raises for the target's answers: what went in stays known whatever happens to the rest.

    ``may_call`` is asked before every call; after it raised, no further call is started.
    A call whose outcome is unknown is repeated by whoever calls again with the same items: the keys make it harmless.
    """
    delivery = Delivery()
    batches = _Batches(target, capabilities, entity, deque(items))

    async def one_after_the_other() -> None:
        while delivery.trouble is None and (batch := batches.take()):
            batch_id = f"{batch_prefix}-{batches.taken}"
            try:
                await may_call()
                await _batch(target, entity, run_id, batch_id, batch, delivery, may_call)
            except Exception as error:
                delivery.trouble = delivery.trouble or error

    await asyncio.gather(*(one_after_the_other() for _ in range(in_flight)))
    return delivery


async def _batch(
    target: Target,
    entity: str,
    run_id: str,
    batch_id: str,
    batch: Sequence[OutgoingItem],
    delivery: Delivery,
    may_call: MayCall,
) -> None:
    rest = list(batch)
    for repeat in range(_REPEATS):
        receipts = await target.write(entity, run_id, f"{batch_id}-{repeat}" if repeat else batch_id, rest)
        again = {receipt.source_id for receipt in receipts if receipt.outcome == "failed" and receipt.retryable}
        delivery.stumbled |= again
        last = repeat == _REPEATS - 1
        delivery.receipts.extend(one for one in receipts if last or one.source_id not in again)
        rest = [item for item in rest if item.source_id in again]
        if not rest:
            return
        await may_call()


class _Batches:
    """Cuts batches off when they are due: how large they should be changes with every answer."""

    def __init__(self, target: Target, capabilities: Capabilities, entity: str, left: deque[OutgoingItem]) -> None:
        limit = capabilities.limits.get(entity)
        if limit is None:
            raise RunStopped("target.refused", f"The target does not offer a method for {entity}")
        self._target, self._entity, self._left = target, entity, left
        self._most, self._most_bytes = limit.max_items, capabilities.max_bytes
        self.taken = 0

    def take(self) -> list[OutgoingItem]:
        """The next batch, of one item at least; empty when nothing is left."""
        most = max(1, min(self._most, self._target.batch_size(self._entity)))
        batch: list[OutgoingItem] = []
        size = _ENVELOPE
        while self._left and len(batch) < most:
            size += len(orjson.dumps(self._left[0].data)) + _ENVELOPE // 2
            if batch and size > self._most_bytes:
                break
            batch.append(self._left.popleft())
        self.taken += bool(batch)
        return batch
