"""Dead letters by cause: what many of them have in common."""

from collections import defaultdict
from collections.abc import Iterable

from shared.model.idmap import row_key
from shared.model.json import JsonObject
from shared.model.reasons import REASONS
from shared.model.records import DeadLetter


def by_cause(letters: Iterable[DeadLetter]) -> list[JsonObject]:
    """One item per cause, the most frequent first; ``message`` and ``example_id`` are those of its first letter."""
    groups: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in sorted(letters, key=place_of):
        groups[letter.cause].append(letter)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), place_of(group[0])))
    return [
        {
            "cause": first.cause,
            "entity": first.entity,
            "reason": first.reason,
            "hint": hint_of(first.reason),
            "field": first.field,
            "message": first.message,
            "count": len(group),
            "example_id": first.source_id,
        }
        for group in ordered
        for first in group[:1]
    ]


def hint_of(reason: str) -> str | None:
    """What a person can do about a reason; None for a code that is not on the list."""
    return REASONS[reason].hint if reason in REASONS else None


def place_of(letter: DeadLetter) -> tuple[str, str, str]:
    """Where a letter stands in the order of all of them, which is that of ids within an entity."""
    return letter.run_id, letter.entity, row_key(letter.source_id)
