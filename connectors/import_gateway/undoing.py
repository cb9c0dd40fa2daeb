"""Undoing what a run did (contract §4): pages of ``import.rollback``."""

from collections.abc import Awaitable, Callable

from connectors.import_gateway.methods import ROLLBACK
from connectors.import_gateway.receipts import unexpected
from shared.model.json import Json, JsonObject
from shared.model.records import Undone, UndonePage, UndoPhase

_PER_CALL = 500
"""Records: what takes the gateway well under a minute, though each may take those with it that refer to it."""

_OUTCOMES = ("restored", "deleted", "kept", "failed")


async def undo(
    call: Callable[[str, JsonObject], Awaitable[Json]], entity: str, run_id: str, phase: UndoPhase, after: str
) -> UndonePage:
    """One page. Raises RetryLater("target.unexpected_answer") for an answer that breaks the contract."""
    body = {"run_id": run_id, "entity": entity, "phase": phase.value, "after": after, "limit": _PER_CALL}
    answer = await call(ROLLBACK, body)
    match answer:
        case {"items": list(items), "next": None | str() as following}:
            if following is not None and following == after:
                raise unexpected("a page that does not go on")
            return UndonePage(tuple(map(_undone, items)), following)
    raise unexpected("no items and next")


def _undone(item: Json) -> Undone:
    match item:
        case {"source_id": str(source_id), "outcome": str(outcome), "reason": None | str() as reason}:
            if outcome in _OUTCOMES:
                return Undone(source_id, outcome, reason)
    raise unexpected("an item lacks what it must have")
