"""Receipts out of the answer to a write call (contract §2)."""

from collections.abc import Sequence

from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import OutgoingItem, Receipt

_LISTS = ("imported", "skipped", "duplicate", "failed")
_ACTIONS = ("created", "updated")


def read_receipts(answer: Json, items: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
    """A receipt for each item, in the order of ``items``.

    An item in none of the lists gets a ``TRANSIENT`` one: nobody knows what became of it, and its key makes a repeat
    harmless. Raises RetryLater("target.unexpected_answer") for an answer that is not of this call: no item is in it, an
    item is in two lists, or something that was not sent is in one.
    """
    if not isinstance(answer, dict):
        raise unexpected("the answer is not an object")
    receipts: dict[str, Receipt] = {}
    for outcome in _LISTS:
        entries = answer.get(outcome)
        if not isinstance(entries, list):
            raise unexpected(f"the answer has no list {outcome!r}")
        for entry in entries:
            receipt = _receipt(outcome, entry)
            if receipt.source_id in receipts:
                raise unexpected("a record is in two lists")
            receipts[receipt.source_id] = receipt
    sent = {item.source_id for item in items}
    if receipts.keys() - sent or (sent and not receipts):
        raise unexpected("the records answered for are not those that were sent")
    return tuple(receipts.get(item.source_id) or _silence(item) for item in items)


def unexpected(what: str) -> RetryLater:
    """The gateway broke the contract."""
    return RetryLater("target.unexpected_answer", f"The gateway's answer breaks the contract: {what}")


def _silence(item: OutgoingItem) -> Receipt:
    reason = "the gateway's answer does not say what became of the record"
    return Receipt(item.source_id, "failed", code="TRANSIENT", reason=reason, retryable=True)


def _receipt(outcome: str, entry: Json) -> Receipt:
    if not isinstance(entry, dict):
        raise unexpected(f"{outcome!r} holds something that is not an object")
    receipt = Receipt(
        source_id=_text(entry, "source_id") or "",
        outcome=outcome,
        target_id=_text(entry, "target_id"),
        action=_text(entry, "action"),
        run_id=_text(entry, "run_id"),
        code=_text(entry, "code"),
        field=_text(entry, "field"),
        reason=_text(entry, "reason"),
        retryable=entry.get("retryable") is True or entry.get("code") == "TRANSIENT",
    )
    if outcome == "failed":
        whole = receipt.code is not None
    else:
        acted = outcome == "skipped" or receipt.action in _ACTIONS
        whole = bool(receipt.target_id) and acted
    if not receipt.source_id or not whole:
        raise unexpected(f"an entry of {outcome!r} lacks what it must have")
    return receipt


def _text(entry: JsonObject, name: str) -> str | None:
    value = entry.get(name)
    if value is None or isinstance(value, str):
        return value
    raise unexpected(f"{name!r} is not a string")
