"""Paging: by id in batches where the API can filter by id, by offset where it cannot (API facts §3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.entities import PAGE, Details, Listing
from connectors.bitrix24.rows import (
    TAIL_KEY,
    chain_rows,
    detail_key,
    nothing_beyond,
    page_key,
    rows_from_raw,
    rows_of,
)
from connectors.bitrix24.transport import MOST_COMMANDS, Command, Transport
from shared.model.errors import EntityStopped, PortageError, RetryLater
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage

_FIRST_PAGES = 10
_AIM_SECONDS = 5.0
"""How long one call should take: far below the portal's 60 s."""

_SMALLEST_RANGE = 2500
"""Ids; less is not worth a range of its own."""


@dataclass(slots=True)
class KeysetPager:
    """Chains of pages ordered by id, many to one ``batch`` call."""

    entity: str
    listing: Listing
    transport: Transport
    _most_pages: int = field(init=False)

    def __post_init__(self) -> None:
        self._most_pages = self.listing.most_pages

    async def cut(self, ranges: int) -> Cut:
        """Lowest and highest id in one call; ranges of equal width between them, the last one open upwards."""
        lowest: Command = (self.listing.method, {**self.listing.fixed, **self.listing.ascending})
        highest: Command = (self.listing.method, {**self.listing.fixed, **self.listing.descending})
        answer = await self.transport.batch({"lowest": lowest, "highest": highest})
        for error in answer.errors.values():
            raise error
        ids = [int(row[self.listing.id]) for result in answer.results.values() for row in rows_of(result, self.listing)]
        if not ids:
            return Cut((), 0)
        first, last = min(ids), max(ids)
        count = max(1, min(ranges, math.ceil((last - first + 1) / _SMALLEST_RANGE)))
        width = math.ceil((last - first + 1) / count)
        starts = [first - 1 + number * width for number in range(count)]
        cursors = tuple(
            {"after": start, "upto": start + width if start != starts[-1] else None, "pages": _FIRST_PAGES}
            for start in starts
        )
        total = answer.totals.get("lowest")
        return Cut(cursors, total if isinstance(total, int) and total > 0 else None)

    async def read(self, cursor: JsonObject) -> SourcePage:
        """One chain, and the details of its rows.

        The range is over when its first page is empty, when its last id was read, or when a probe of its end shows
        nothing beyond. A page that is not full ends the chain only: rows may have been withheld from it.
        """
        after, upto = int(cursor["after"]), cursor["upto"]
        pages = self._pages(after, upto, int(cursor.get("pages", _FIRST_PAGES)))
        commands = self._chain(after, upto, pages)
        try:
            answer = await self.transport.batch(commands)
        except RetryLater:
            self._most_pages = max(1, pages // 2)  # a call that is too heavy never comes back
            raise
        self._most_pages = min(self.listing.most_pages, self._most_pages * 2)
        if page_key(0) in answer.errors:
            raise answer.errors[page_key(0)]
        rows = chain_rows(answer.results, self.listing, after, upto)
        raw = [answer.raw]
        if self.listing.details and rows:
            ids = [str(row[self.listing.id]) for row in rows]
            raw.extend(await self._details(self.listing.details, ids))
        records = rows_from_raw(self.entity, raw)
        last = int(rows[-1][self.listing.id]) if rows else after
        if not rows or last == upto or nothing_beyond(answer.results, self.listing, last):
            return SourcePage(records, tuple(raw), None, len(raw))
        pace = max(answer.seconds, 0.001) / len(commands)
        pages = max(1, min(pages * 2, int(_AIM_SECONDS / pace), MOST_COMMANDS))
        return SourcePage(records, tuple(raw), {"after": last, "upto": upto, "pages": pages}, len(raw))

    def _pages(self, after: int, upto: int | None, wanted: int) -> int:
        """No more pages than the ids left could fill, or the latency of late allows."""
        left = MOST_COMMANDS if upto is None else math.ceil((upto - after) / PAGE)
        return max(1, min(wanted, left, self._most_pages, MOST_COMMANDS))

    def _chain(self, after: int, upto: int | None, pages: int) -> dict[str, Command]:
        """The pages, each from the last id of the one before; and a probe of the end when they may reach it."""
        probes = self._most_pages > 1 and (upto is None or after + pages * PAGE >= upto)
        commands: dict[str, Command] = {}
        start: int | str = after
        for number in range(min(pages, MOST_COMMANDS - probes)):
            commands[page_key(number)] = self._page(start, upto, self.listing.ascending)
            start = f"$result[{page_key(number)}][{PAGE - 1}][{self.listing.id}]"
        if probes:
            commands[TAIL_KEY] = self._page(after, upto, self.listing.descending)
        return commands

    def _page(self, after: int | str, upto: int | None, order: JsonObject) -> Command:
        bounds: JsonObject = {f">{self.listing.id}": after}
        if upto is not None:
            bounds[f"<={self.listing.id}"] = upto
        parameters = {**self.listing.fixed, **order, str(self.listing.filter): bounds}
        return self.listing.method, parameters | ({"start": -1} if self.listing.count_off else {})

    async def _details(self, details: Details, ids: Sequence[str]) -> list[bytes]:
        """The raw answers. Calls that stumble are made again, without the others, as long as any come through."""
        raw = []
        while ids:
            chosen, ids = ids[:MOST_COMMANDS], ids[MOST_COMMANDS:]
            answer = await self.transport.batch(
                {detail_key(one): (details.method, {details.parameter: one}) for one in chosen}
            )
            raw.append(answer.raw)
            errors = {one: answer.errors[detail_key(one)] for one in chosen if detail_key(one) in answer.errors}
            stumbled = [one for one, error in errors.items() if isinstance(error, RetryLater)]
            for one, error in errors.items():
                if not _is_gone(error) and (one not in stumbled or len(stumbled) == len(chosen)):
                    raise error
            ids = [*stumbled, *ids]
        return raw


@dataclass(slots=True)
class OffsetPager:
    """Pages by ``start``, for lists that cannot be filtered by id."""

    entity: str
    listing: Listing
    transport: Transport

    async def cut(self, _ranges: int) -> Cut:
        """One range; the count comes with its first page."""
        return Cut(({"start": 0, "first": None},))

    async def read(self, cursor: JsonObject) -> SourcePage:
        """One page. A page that begins like the one before is the first one again: the list is over."""
        parameters = {**self.listing.fixed, **self.listing.ascending, "start": cursor["start"]}
        answer = await self.transport.call(self.listing.method, parameters)
        records = rows_from_raw(self.entity, [answer.raw])
        if not records or records[0].id in (cursor.get("seen") or ()):
            return SourcePage((), (answer.raw,), None, 1)
        following = None
        if answer.next is not None and answer.next > cursor["start"]:
            seen = [*(cursor.get("seen") or ()), records[0].id]
            following = {"start": answer.next, "seen": seen}
        return SourcePage(records, (answer.raw,), following, 1)


def _is_gone(error: PortageError) -> bool:
    """The record vanished between the list and its details, or is not visible: it has none then."""
    return isinstance(error, EntityStopped) and error.reason.code == "source.refused"
