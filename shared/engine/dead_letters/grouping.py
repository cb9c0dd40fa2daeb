"""Dead letters by cause: what many of them have in common."""

from collections.abc import AsyncIterable

from shared.engine.letters import causes_of
from shared.model.json import JsonObject
from shared.model.reasons import REASONS
from shared.model.records import DeadLetter


async def by_cause(letters: AsyncIterable[DeadLetter]) -> list[JsonObject]:
    """One item per cause, the most frequent first; ``message`` and ``example_id`` are those of its first letter."""
    return [
        {
            "cause": cause.first.cause,
            "entity": cause.first.entity,
            "reason": cause.first.reason,
            "hint": hint_of(cause.first.reason),
            "field": cause.first.field,
            "message": cause.first.message,
            "count": cause.count,
            "example_id": cause.first.source_id,
        }
        for cause in await causes_of(letters)
    ]


def hint_of(reason: str) -> str | None:
    """What a person can do about a reason; None for a code that is not on the list."""
    return REASONS[reason].hint if reason in REASONS else None
