"""Dead letters as the HTTP API tells them: page by page, and grouped by cause."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict

from shared.model.idmap import row_key
from shared.model.json import JsonObject
from shared.model.reasons import REASONS
from shared.model.records import DeadLetter
from triggers.queries import invalid

_Place = tuple[str, str, str]


def page(letters: Sequence[DeadLetter], size: int, after: str | None) -> tuple[list[DeadLetter], str | None]:
    """Up to ``size`` letters behind the place ``after``, and the place to go on from, or None at the end.

    A place stays good when letters come or go meanwhile. Raises Problem INVALID_REQUEST for one that is no place.
    """
    ordered = sorted(letters, key=_place)
    if after is not None:
        begin = _read_place(after)
        ordered = [letter for letter in ordered if _place(letter) > begin]
    shown = ordered[:size]
    return shown, _written_place(shown[-1]) if len(ordered) > size else None


def described(letter: DeadLetter) -> JsonObject:
    """One letter with the hint of its reason."""
    return {**asdict(letter), "hint": _hint(letter.reason)}


def by_cause(letters: Sequence[DeadLetter]) -> list[JsonObject]:
    """One item per cause, the most frequent first; ``message`` and ``example_id`` are those of its first letter."""
    groups: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in sorted(letters, key=_place):
        groups[letter.cause].append(letter)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), _place(group[0])))
    return [
        {
            "cause": first.cause,
            "entity": first.entity,
            "reason": first.reason,
            "hint": _hint(first.reason),
            "field": first.field,
            "message": first.message,
            "count": len(group),
            "example_id": first.source_id,
        }
        for group in ordered
        for first in group[:1]
    ]


def _hint(reason: str) -> str | None:
    return REASONS[reason].hint if reason in REASONS else None


def _place(letter: DeadLetter) -> _Place:
    return letter.run_id, letter.entity, row_key(letter.source_id)


def _written_place(letter: DeadLetter) -> str:
    return f"{letter.run_id}/{letter.entity}/{letter.source_id}"


def _read_place(text: str) -> _Place:
    run_id, _, rest = text.partition("/")
    entity, _, source_id = rest.partition("/")
    if not (run_id and entity and source_id):
        raise invalid("after", "expected what an answer gave as next")
    return run_id, entity, row_key(source_id)
