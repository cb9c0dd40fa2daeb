"""Windows of time that are cut in two when they hold more than a page: for lists that can be filtered by date alone.

A window is ``[label, from, to, start]`` with whole Unix seconds, ``from`` included and ``to`` not. The portal is asked
for a second more on either side, since nobody says whether its bounds belong to it, and rows outside are left to the
window they belong to. Windows wait on a stack; one read asks for up to 50 of them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from shared.model.json import Json, JsonObject, as_list

PAGE = 50

Window = list[Json]
"""``[label, from, to, start]``."""

Ask = Callable[[str, JsonObject], Command]
"""(label, date and start parameters) → the command for one window."""


@dataclass(frozen=True, slots=True)
class Dates:
    """How a method takes and tells the date that windows go by."""

    lower: str
    upper: str
    field: str


def instant(text: Json) -> int | None:
    """Unix seconds of an ISO date with offset; None for anything else."""
    try:
        return math.floor(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None


def key_of(window: Window) -> str:
    """Key of a window's command; says which window a raw answer belongs to."""
    label, lower, upper, start = window
    return f"w{label}_{lower}_{upper}_{start}"


def window_of(key: str) -> Window:
    """The inverse of ``key_of``."""
    label, lower, upper, start = key.removeprefix("w").rsplit("_", 3)
    return [label, int(lower), int(upper), int(start)]


def take(stack: Sequence[Window]) -> tuple[list[Window], list[Window]]:
    """(the windows to ask for now, those that stay on the stack)."""
    return list(stack[-MOST_COMMANDS:]), list(stack[:-MOST_COMMANDS])


def commands(windows: Sequence[Window], dates: Dates, ask: Ask) -> dict[str, Command]:
    """One command for each window."""
    found = {}
    for window in windows:
        label, lower, upper, start = window
        bounds: JsonObject = {dates.lower: _text(lower - 1), dates.upper: _text(upper + 1)}
        found[key_of(window)] = ask(str(label), bounds | ({"start": start} if start else {}))
    return found


def rows_in(window: Window, result: Json, dates: Dates) -> list[JsonObject]:
    """The rows of an answer that belong to its window; one without a readable date belongs to every window."""
    _, lower, upper, _ = window
    rows = [row for row in as_list(result) if isinstance(row, dict)]
    return [row for row in rows if (when := instant(row.get(dates.field))) is None or lower <= when < upper]


def follow_up(windows: Sequence[Window], answers: Sequence[BatchAnswer]) -> dict[str, list[Window]]:
    """By key of a window that was too full for one page in one of the answers: what to ask instead, or on top.

    A window of a second or less cannot be cut: it is paged by offset, and what it brought counts.
    """
    more: dict[str, list[Window]] = {}
    for window in windows:
        key = key_of(window)
        if not any(_full(answer, key) for answer in answers):
            continue
        label, lower, upper, start = window
        middle = (lower + upper) // 2
        if middle > lower:
            more[key] = [[label, lower, middle, 0], [label, middle, upper, 0]]
        else:
            more[key] = [[label, lower, upper, start + PAGE]]
    return more


def is_cut(window: Window) -> bool:
    """Whether a window that was full is cut in two, so that what it brought comes again."""
    _, lower, upper, _ = window
    return bool((lower + upper) // 2 > lower)


def _full(answer: BatchAnswer, key: str) -> bool:
    return key in answer.nexts or len(as_list(answer.results.get(key))) >= PAGE


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
