"""Lists: filters with prefixes, order, and the two paging families of the server (API facts §3.1, §9.6)."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.simulators.bitrix24.moments import ZONE

PAGE = 50
Row = dict[str, Any]

_ORDERED = (">", ">=", "<", "<=")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: rows, ``next`` when the server gives one, ``total`` unless it was not asked for."""

    rows: list[Row]
    next: int | None
    total: int | None


class Table:
    """Rows by ascending id; filters on the id are answered by bisection."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.ids = [int(row["ID"]) for row in rows]

    def find(self, number: int) -> Row | None:
        """The row of an id."""
        place = bisect_left(self.ids, number)
        return self.rows[place] if place < len(self.ids) and self.ids[place] == number else None

    def put(self, row: Row) -> None:
        """Add a row, or replace the one of the same id."""
        number = int(row["ID"])
        place = bisect_left(self.ids, number)
        if place < len(self.ids) and self.ids[place] == number:
            self.rows[place] = row
        else:
            self.rows.insert(place, row)
            self.ids.insert(place, number)

    def remove(self, number: int) -> None:
        """Forget the row of an id, if there is one."""
        place = bisect_left(self.ids, number)
        if place < len(self.ids) and self.ids[place] == number:
            del self.rows[place], self.ids[place]

    def select(self, conditions: dict[str, Any], *, descending: bool) -> list[Row]:
        """Rows that meet every condition, by id."""
        low, high, rest = 0, len(self.rows), []
        for key, wanted in conditions.items():
            prefix, name = split(key)
            bound = _integer(wanted)
            if name == "ID" and bound is not None and prefix in _ORDERED:
                low = max(low, bisect_right(self.ids, bound) if prefix == ">" else low)
                low = max(low, bisect_left(self.ids, bound) if prefix == ">=" else low)
                high = min(high, bisect_left(self.ids, bound) if prefix == "<" else high)
                high = min(high, bisect_right(self.ids, bound) if prefix == "<=" else high)
            elif name == "ID" and prefix in (">", ">=") and bound is None:
                continue  # an unresolved macro: the condition is void, and the answer is page 1
            else:
                rest.append((prefix, name, wanted))
        found = self.rows[low:high]
        if rest:
            found = [row for row in found if all(meets(row.get(name), prefix, wanted) for prefix, name, wanted in rest)]
        return found[::-1] if descending else found


def page(found: list[Row], start: int, *, literal: bool) -> Page:
    """``start`` -1 counts nothing. The old kernel floors it to a page and falls back to page 1 beyond the end."""
    if start < 0:
        return Page(found[:PAGE], None, None)
    if not literal:
        start = start // PAGE * PAGE
        if start >= len(found):
            start = 0
    rows = found[start : start + PAGE]
    return Page(rows, start + PAGE if start + len(rows) < len(found) else None, len(found))


def split(key: str) -> tuple[str, str]:
    """``>=ID`` → (``>=``, ``ID``)."""
    name = key.lstrip("<>=!%@?")
    return key[: len(key) - len(name)], name


def meets(value: Any, prefix: str, wanted: Any) -> bool:
    """One condition of a filter: ``meets("5", ">=", 3)``. A date is met by no text that is none."""
    if prefix in ("", "=", "@"):
        return _same(value, wanted)
    if prefix in ("!", "!=", "!@"):
        return not _same(value, wanted)
    text, other = str(value).lower(), str(wanted).lower()
    if "%" in prefix:
        return (other.strip("%") in text) != prefix.startswith("!")
    return _compares(value, prefix, wanted) if prefix in _ORDERED else True


def _compares(value: Any, prefix: str, wanted: Any) -> bool:
    moments = _moment(value), _moment(wanted)
    if moments[0]:
        sign = _sign(*moments) if moments[1] else None
    elif (number := _number(value)) is not None:
        other = _number(wanted)
        sign = None if other is None else _sign(number, other)
    else:
        sign = _sign(str(value), str(wanted))
    return sign is not None and {">": sign > 0, ">=": sign >= 0, "<": sign < 0, "<=": sign <= 0}[prefix]


def _sign(value: Any, other: Any) -> int:
    return int(value > other) - int(value < other)


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or value[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _same(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    spelled = {True: {"1", "Y", "true", "True"}, False: {"0", "N", "false", "False", ""}}
    if isinstance(value, bool):
        return any(str(choice) in spelled[value] for choice in choices)
    values = value if isinstance(value, list) else [value]
    return any(str(one) in map(str, choices) for one in values)
