"""Delivering: items into batches of the size the target takes, a few calls at a time, transient failures repeated."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from shared.model.errors import RunStopped
from shared.model.records import Capabilities, OutgoingItem, Receipt
from shared.ports.systems import Target

_ENVELOPE = 1024
"""Bytes left for the call around the items."""

_REPEATS = 3


@dataclass(slots=True)
class Delivery:
    """What came of one delivery. ``unsent`` could not be delivered now; ``trouble`` says why."""

    receipts: list[Receipt] = field(default_factory=list)
    calls: int = 0
    unsent: list[OutgoingItem] = field(default_factory=list)
    trouble: Exception | None = None


async def deliver(
    target: Target,
    capabilities: Capabilities,
    entity: str,
    run_id: str,
    batch_prefix: str,
    items: Sequence[OutgoingItem],
    in_flight: int,
) -> Delivery:
    """Send ``items``. Never raises for the target's answers: what went in stays known whatever happens to the rest.

    A call whose outcome is unknown is repeated by whoever calls again with the same items: the keys make it harmless.
    """
    delivery = Delivery()
    limit = asyncio.Semaphore(in_flight)

    async def one(number: int, batch: Sequence[OutgoingItem]) -> None:
        async with limit:
            if delivery.trouble is not None:
                delivery.unsent.extend(batch)
                return
            try:
                await _batch(target, entity, run_id, f"{batch_prefix}-{number}", batch, delivery)
            except Exception as error:
                delivery.unsent.extend(batch)
                delivery.trouble = delivery.trouble or error

    batches = enumerate(_batches(items, capabilities, entity))
    await asyncio.gather(*(one(number, batch) for number, batch in batches))
    return delivery


async def _batch(
    target: Target, entity: str, run_id: str, batch_id: str, batch: Sequence[OutgoingItem], delivery: Delivery
) -> None:
    rest = list(batch)
    for repeat in range(_REPEATS):
        receipts = await target.write(entity, run_id, f"{batch_id}-{repeat}" if repeat else batch_id, rest)
        delivery.calls += 1
        again = {receipt.source_id for receipt in receipts if receipt.outcome == "failed" and receipt.retryable}
        last = repeat == _REPEATS - 1
        delivery.receipts.extend(one for one in receipts if last or one.source_id not in again)
        rest = [item for item in rest if item.source_id in again]
        if not rest:
            return


def _batches(items: Sequence[OutgoingItem], capabilities: Capabilities, entity: str) -> Iterator[list[OutgoingItem]]:
    limit = capabilities.limits.get(entity)
    if limit is None:
        raise RunStopped("target.refused", f"The target does not offer a method for {entity}")
    batch: list[OutgoingItem] = []
    size = _ENVELOPE
    for item in items:
        weight = len(orjson.dumps(item.data)) + _ENVELOPE // 2
        if batch and (len(batch) >= limit.max_items or size + weight > capabilities.max_bytes):
            yield batch
            batch, size = [], _ENVELOPE
        batch.append(item)
        size += weight
    if batch:
        yield batch
