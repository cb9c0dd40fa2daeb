"""Ids cut into ranges of equal width, and how many pages they probably hold."""

import math

from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.transport import MOST_COMMANDS
from shared.model.json import JsonObject

_CALL = MOST_COMMANDS * PAGE
"""Ids that one call reads at most; less is not worth a range of its own."""

_MORE = 1.02
"""Records lie thicker in some places than in others."""


def id_ranges(first: int, last: int, most: int) -> list[tuple[int, int | None]]:
    """``(after, upto)`` of up to ``most`` ranges that hold the ids from ``first`` on; the last is open upwards.

    Their width is that of full calls, less the one page that the last call gives for asking whether it was the last.
    """
    ids = last - first + 1
    count = max(1, min(most, math.ceil(ids / _CALL)))
    width = max(1, math.ceil((math.ceil(ids / count) + PAGE) / _CALL)) * _CALL - PAGE
    afters = range(first - 1, last, width)
    return [*((after, after + width) for after in afters[:-1]), (afters[-1], None)]


def filled(first: int, last: int, total: int | None) -> float:
    """How many records there are to an id, as far as the source's own count can be believed."""
    return min(1.0, (total or math.inf) / (last - first + 1))


def pages_left(cursor: JsonObject) -> int | None:
    """About how many pages a range of ids still holds, from one up; None when nothing is known of its end.

    An open range is taken to end a page after the highest id that there was when it was cut (``highest``).
    """
    end, highest = cursor["upto"], cursor.get("highest")
    if end is None:
        if highest is None:
            return None
        end = highest + PAGE
    ids = int(end) - int(cursor["after"])
    likely = math.ceil(ids * float(cursor.get("filled", 1.0)) * _MORE / PAGE) + 1
    return max(1, min(math.ceil(ids / PAGE), likely))
