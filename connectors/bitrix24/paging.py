"""Paging: by id in batches where the API can filter by id, by offset where it cannot (API facts §3)."""

import math
from dataclasses import dataclass, field

from connectors.bitrix24.entities import PAGE, Details, Listing
from connectors.bitrix24.rows import chain_rows, detail_key, page_key, rows_from_raw, rows_of
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
        """One chain, and the details of its rows."""
        after, upto = int(cursor["after"]), cursor["upto"]
        pages = self._pages(after, upto, int(cursor.get("pages", _FIRST_PAGES)))
        try:
            answer = await self.transport.batch(self._chain(after, upto, pages))
        except RetryLater:
            self._most_pages = max(1, pages // 2)  # a call that is too heavy never comes back
            raise
        self._most_pages = min(self.listing.most_pages, self._most_pages * 2)
        rows, full = chain_rows(answer, self.listing, after)
        if not rows and answer.errors:
            raise next(iter(answer.errors.values()))
        raw = [answer.raw]
        if self.listing.details and rows:
            ids = [str(row[self.listing.id]) for row in rows]
            raw.extend(await self._details(self.listing.details, ids))
        records = rows_from_raw(self.entity, raw)
        following = None
        if full and rows:
            pace = max(answer.seconds, 0.001) / pages
            pages = max(1, min(pages * 2, int(_AIM_SECONDS / pace), MOST_COMMANDS))
            following = {"after": int(rows[-1][self.listing.id]), "upto": upto, "pages": pages}
        return SourcePage(records, tuple(raw), following, len(raw))

    def _pages(self, after: int, upto: int | None, wanted: int) -> int:
        """No more pages than the ids left could fill, or the latency of late allows."""
        left = MOST_COMMANDS if upto is None else math.ceil((upto - after) / PAGE)
        return max(1, min(wanted, left, self._most_pages, MOST_COMMANDS))

    def _chain(self, after: int, upto: int | None, pages: int) -> dict[str, Command]:
        id_name = self.listing.id
        commands: dict[str, Command] = {}
        start: int | str = after
        for number in range(pages):
            bounds: JsonObject = {f">{id_name}": start} | ({f"<={id_name}": upto} if upto is not None else {})
            parameters = {**self.listing.fixed, **self.listing.ascending, str(self.listing.filter): bounds}
            if self.listing.count_off:
                parameters["start"] = -1
            commands[page_key(number)] = (self.listing.method, parameters)
            start = f"$result[{page_key(number)}][{PAGE - 1}][{id_name}]"
        return commands

    async def _details(self, details: Details, ids: list[str]) -> list[bytes]:
        raw = []
        for first in range(0, len(ids), MOST_COMMANDS):
            chosen = ids[first : first + MOST_COMMANDS]
            answer = await self.transport.batch(
                {detail_key(one): (details.method, {details.parameter: one}) for one in chosen}
            )
            for error in answer.errors.values():
                if not _is_gone(error):
                    raise error
            raw.append(answer.raw)
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
