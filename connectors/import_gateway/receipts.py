"""Receipts out of the answer to a write call (contract §2)."""

from collections.abc import Sequence

from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import OutgoingItem, Receipt

_LISTS = ("imported", "skipped", "duplicate", "failed")
_ACTIONS = ("created", "updated")


def read_receipts(answer: Json, items: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
    """A receipt for each item, in the order of ``items``.

    Raises RetryLater("target.unexpected_answer") unless every item is in exactly one list and nothing else is in any:
    then nobody knows what happened, and the same keys have to be sent again.
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
    if receipts.keys() != {item.source_id for item in items}:
        raise unexpected("the records answered for are not those that were sent")
    return tuple(receipts[item.source_id] for item in items)


def unexpected(what: str) -> RetryLater:
    """The gateway broke the contract."""
    return RetryLater("target.unexpected_answer", f"The gateway's answer breaks the contract: {what}")


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
