"""Lists: filters with prefixes, order, and the two paging families of the server (API facts §3.1)."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

PAGE = 50
Row = dict[str, Any]


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

    def select(self, conditions: dict[str, Any], *, descending: bool) -> list[Row]:
        """Rows that meet every condition, by id."""
        low, high, rest = 0, len(self.rows), []
        for key, wanted in conditions.items():
            prefix, name = split(key)
            bound = _integer(wanted)
            if name == "ID" and bound is not None and prefix in (">", ">=", "<", "<="):
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
            found = [row for row in found if all(_meets(row, *condition) for condition in rest)]
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


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _meets(row: Row, prefix: str, name: str, wanted: Any) -> bool:
    value = row.get(name)
    if prefix in ("", "=", "@"):
        return _same(value, wanted)
    if prefix in ("!", "!=", "!@"):
        return not _same(value, wanted)
    if prefix == "%":
        return str(wanted).lower() in str(value).lower()
    text, other = str(value), str(wanted)
    return {">": text > other, ">=": text >= other, "<": text < other, "<=": text <= other}.get(prefix, True)


def _same(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    spelled = {True: {"1", "Y", "true", "True"}, False: {"0", "N", "false", "False", ""}}
    if isinstance(value, bool):
        return any(str(choice) in spelled[value] for choice in choices)
    return str(value) in map(str, choices)
