"""Deleting records that the source has no more (contract §4)."""

from collections.abc import Awaitable, Callable, Sequence

from connectors.import_gateway.methods import DELETE, idempotency_key
from connectors.import_gateway.receipts import unexpected
from connectors.import_gateway.refusals import BatchTooLarge
from shared.model.idmap import IdMapEntry
from shared.model.json import Json, JsonObject
from shared.model.records import Receipt

_LISTS = ("deleted", "missing", "failed")

Call = Callable[[str, JsonObject], Awaitable[Json]]
"""One call: (method, body) → answer."""


async def delete(call: Call, entity: str, run_id: str, batch_id: str, entries: Sequence[IdMapEntry]) -> list[Receipt]:
    """A receipt for each of ``entries``, with the list that it is in as its outcome.

    The contract names no size for these calls: one that is too large for the gateway goes in halves.
    """
    try:
        return await _some(call, entity, run_id, batch_id, entries)
    except BatchTooLarge:
        if len(entries) == 1:
            raise
        half = len(entries) // 2
        first = await delete(call, entity, run_id, f"{batch_id}-a", entries[:half])
        return first + await delete(call, entity, run_id, f"{batch_id}-b", entries[half:])


async def _some(call: Call, entity: str, run_id: str, batch_id: str, entries: Sequence[IdMapEntry]) -> list[Receipt]:
    items = [
        {"source_id": one.source_id, "idempotency_key": idempotency_key(entity, one.source_id, one.checksum)}
        for one in entries
    ]
    answer = await call(DELETE, {"run_id": run_id, "batch_id": batch_id, "entity": entity, "items": items})
    if not isinstance(answer, dict) or not all(isinstance(answer.get(name), list) for name in _LISTS):
        raise unexpected("no lists of what was deleted")
    told = [_receipt(name, one) for name in _LISTS for one in answer[name]]
    if sorted(one.source_id for one in told) != sorted(one.source_id for one in entries):
        raise unexpected("the records answered for are not those that were sent")
    return told


def _receipt(outcome: str, entry: Json) -> Receipt:
    match entry:
        case str(source_id) if outcome != "failed":
            return Receipt(source_id, outcome)
        case {"source_id": str(source_id)} if outcome != "failed":
            return Receipt(source_id, outcome)
        case {"source_id": str(source_id), "code": str(code), **more}:
            reason = more.get("reason")
            retryable = more.get("retryable") is True or code == "TRANSIENT"
            return Receipt(source_id, outcome, code=code, reason=str(reason or code), retryable=retryable)
    raise unexpected(f"an entry of {outcome!r} lacks what it must have")
