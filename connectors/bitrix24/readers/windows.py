"""Windows of time that are cut up when they hold more than a page: for lists that can be filtered by date alone.

A window has whole Unix seconds, ``lower`` included and ``upper`` not; without a bound it is open on that side, so that
the windows of a list cover everything whatever the clocks say. The portal is asked for a little more on either side,
since nobody says whether its bounds belong to it; rows there are left to the neighbour. A window of one second cannot
be cut: its pages are asked for together, by offset.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.transport import Command
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list

OLDEST = 1325376000
"""2012-01-01. Where cutting begins; what is older is in the window that is open downwards."""

_CENTURY = 100 * 365 * 86_400
_WIDEST_MARGIN = 30
_MOST_TRIES = 3
"""How often a window of several pages is read again because its rows changed places meanwhile."""


@dataclass(frozen=True, slots=True)
class Window:
    """``label`` says what is asked for in it; ``pages`` are asked for together, for the ``tries``-th time again."""

    label: str = ""
    lower: int | None = None
    upper: int | None = None
    pages: int = 1
    tries: int = 0

    def key(self, page: int) -> str:
        """Key of the command for one page."""
        return f"w{self.label}_{self.lower}_{self.upper}_{page}"

    @property
    def margin(self) -> int:
        """Seconds more that are asked for on either side: few for a narrow window, which is in a crowd."""
        if self.lower is None or self.upper is None:
            return _WIDEST_MARGIN
        return min(_WIDEST_MARGIN, max(1, (self.upper - self.lower) // 4))

    def dump(self) -> list[Json]:
        """The JSON form; ``Window(*dumped)`` reads it."""
        return [self.label, self.lower, self.upper, *([self.pages, self.tries] if self.pages > 1 else [])]


@dataclass(frozen=True, slots=True)
class Dated:
    """A list by date: how ``method`` takes bounds, and how its rows tell their date."""

    method: str
    lower: str
    upper: str
    field: str
    id: str = "ID"


Conditions = Callable[[str], JsonObject]
"""label → the parameters besides the dates."""


def instant(text: Json) -> int | None:
    """Unix seconds of an ISO date with offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return None if moment.tzinfo is None else math.floor(moment.timestamp())


def commands(window: Window, dated: Dated, conditions: Conditions) -> dict[str, Command]:
    """One command for each page of a window."""
    bounds: JsonObject = conditions(window.label)
    if window.lower is not None:
        bounds = {**bounds, dated.lower: _text(window.lower - window.margin)}
    if window.upper is not None:
        bounds = {**bounds, dated.upper: _text(window.upper - 1 + window.margin)}
    return {
        window.key(page): (dated.method, bounds | ({"start": page * PAGE} if page else {}))
        for page in range(window.pages)
    }


def rows_of(window: Window, results: Mapping[str, Json], dated: Dated) -> dict[str, JsonObject]:
    """The rows of a window's pages that belong to it, by id."""
    rows = [row for page in range(window.pages) for row in _page(results.get(window.key(page)), dated)]
    return {str(row[dated.id]): row for row in rows if _belongs(window, row, dated)}


def instead_of(window: Window, answers: Sequence[BatchAnswer], dated: Dated, end: int, parts: int) -> list[Window]:
    """What to ask in place of a window that was too full in one of the answers; nothing when it was read whole.

    ``end`` is about now: where cutting ends; ``parts`` is how many windows to cut one into at most. Raises RetryLater
    for answers that do not heed the dates.
    """
    size = max((_size(window, answer, dated) for answer in answers), default=0)
    if size > window.pages * PAGE:
        if not any(_inside(window, answer, dated) for answer in answers):
            raise RetryLater("source.unexpected_answer", f"{dated.method}: rows of other dates than those asked for")
        count = min(parts, 2 * math.ceil(size / PAGE))
        return _cut(window, count, end) or [replace(window, pages=math.ceil(size / PAGE))]
    if window.tries < _MOST_TRIES and any(_moved(window, answer, dated) for answer in answers):
        return [replace(window, tries=window.tries + 1)]
    return []


def _size(window: Window, answer: BatchAnswer, dated: Dated) -> int:
    """How many rows there are for a window, as far as the answer tells.

    Beyond the end the portal answers the first page again: a last page that brings nothing new is over, whatever
    ``next`` says. So is one that is not full where all are counted; without a count, rows may be missing from it.
    """
    pages = _ids(window, answer, dated)
    total = max((answer.totals.get(window.key(page), 0) for page in range(window.pages)), default=0)
    new = set(pages[-1]).difference(*pages[:-1])
    full = len(pages[-1]) >= PAGE
    promised = window.key(window.pages - 1) in answer.nexts
    more = new and ((promised and not total) or (full and (promised or not total)))
    return max(total, window.pages * PAGE + 1 if more else 0)


def _moved(window: Window, answer: BatchAnswer, dated: Dated) -> bool:
    """Whether rows changed places between the pages: one of them may have slipped through."""
    ids = [one for page in _ids(window, answer, dated) for one in page]
    totals = {answer.totals.get(window.key(page), 0) for page in range(window.pages)}
    return len(set(ids)) < len(ids) or len(totals) > 1


def _ids(window: Window, answer: BatchAnswer, dated: Dated) -> list[list[str]]:
    return [
        [str(row[dated.id]) for row in _page(answer.results.get(window.key(page)), dated)]
        for page in range(window.pages)
    ]


def _page(result: Json, dated: Dated) -> list[JsonObject]:
    """The rows of one page. Raises RetryLater for what is not a list of rows with ids: it may hide some."""
    if not isinstance(result, list | dict):
        raise RetryLater("source.unexpected_answer", f"{dated.method}: a page that is no list")
    rows = as_list(result)
    if not all(isinstance(row, dict) and str(row.get(dated.id, "")).isdecimal() for row in rows):
        raise RetryLater("source.unexpected_answer", f"{dated.method}: a row without an id")
    return rows


def _belongs(window: Window, row: JsonObject, dated: Dated) -> bool:
    """Rows in the margin are the neighbour's. One beyond it was found by a date that it does not show: it is kept."""
    when = instant(row.get(dated.field))
    return when is None or not _within(window, when, window.margin) or _within(window, when, 0)


def _inside(window: Window, answer: BatchAnswer, dated: Dated) -> bool:
    rows = [row for page in range(window.pages) for row in _page(answer.results.get(window.key(page)), dated)]
    dates = [instant(row.get(dated.field)) for row in rows]
    return not dates or any(when is None or _within(window, when, window.margin) for when in dates)


def _within(window: Window, when: int, margin: int) -> bool:
    lower, upper = window.lower, window.upper
    return (lower is None or lower - margin <= when) and (upper is None or when < upper + margin)


def _cut(window: Window, count: int, end: int) -> list[Window]:
    """About ``count`` windows side by side; none when there is no room for two."""
    lower, upper = window.lower, window.upper
    if lower is None:
        lower = OLDEST if upper is None or upper > OLDEST + 1 else upper - _CENTURY
    if upper is None:
        upper = end if end > lower + 1 else lower + _CENTURY
    if upper - lower <= 1:
        return []
    step = math.ceil((upper - lower) / count)
    inner = list(range(lower + step, upper, step))
    edges = zip([window.lower, *inner], [*inner, window.upper], strict=True)
    return [Window(window.label, begin, finish) for begin, finish in edges]


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
