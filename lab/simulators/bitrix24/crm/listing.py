"""Order and paging over records: the literal offsets of the universal family, the pages of the classic one."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lab.simulators.bitrix24.crm.conditions import Conditions
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field
from lab.simulators.bitrix24.crm.records import Records, value
from lab.simulators.bitrix24.lists import PAGE

Order = list[tuple[Field, bool]]
"""Fields, and whether they descend. Empty: whatever comes."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page. ``total`` is 0 where nothing was counted."""

    draws: list[Draw]
    next: int | None
    total: int


def page(records: Records, wanted: Conditions, order: Order, start: int, *, literal: bool) -> Found:
    """``start`` -1 counts nothing and names no next page. ``literal``: see ``lists.page``."""
    if start < 0:
        return Found(list(islice(_matching(records, wanted, order), PAGE)), None, 0)
    if not wanted.checks and (not order or _by_id(order)):
        ids = _bounded(records, wanted, order)
        total = len(ids)
        begin = _begin(start, total, literal=literal)
        draws = [records.draw(number) for number in ids[begin : begin + PAGE]]
    else:
        matching = list(_matching(records, wanted, order))
        total = len(matching)
        begin = _begin(start, total, literal=literal)
        draws = matching[begin : begin + PAGE]
    return Found(draws, begin + PAGE if begin + len(draws) < total else None, total)


def _begin(start: int, total: int, *, literal: bool) -> int:
    if literal:
        return start
    floored = start // PAGE * PAGE
    return floored if floored < total else 0


def _by_id(order: Order) -> bool:
    return bool(order) and order[0][0].name == "id"


def _bounded(records: Records, wanted: Conditions, order: Order) -> Sequence[int]:
    begin, end = bisect_left(records.ids, wanted.low), bisect_right(records.ids, wanted.high)
    between: Sequence[int] = records.ids[begin:end]
    if not wanted.any_time():
        stamped = zip(between, records.stamps[begin:end], strict=True)
        between = [number for number, stamp in stamped if wanted.since <= stamp <= wanted.until]
    if not order:
        return records.shuffled(between)
    return between[::-1] if _by_id(order) and order[0][1] else between


def _matching(records: Records, wanted: Conditions, order: Order) -> Iterator[Draw]:
    draws = map(records.draw, _bounded(records, wanted, order))
    found: Iterator[Draw] = filter(wanted.meets, draws) if wanted.checks else draws
    if not order or _by_id(order):
        return found
    ordered = list(found)
    for field, descending in reversed(order):
        ordered.sort(key=_sort_key(field), reverse=descending)
    return iter(ordered)


def _sort_key(field: Field) -> Callable[[Draw], tuple[bool, Any]]:
    def key(draw: Draw) -> tuple[bool, Any]:
        found = value(field, draw)
        return (False, 0) if found is None else (True, found)

    return key
