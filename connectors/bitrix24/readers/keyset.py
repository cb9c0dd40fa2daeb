"""Paging by id in batches, where the API can filter and order by id (API facts §3.3, §3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.presence.listed import Listed
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.attempts import Attempts
from connectors.bitrix24.readers.chains import TAIL_KEY, chain_rows, last_id_of, nothing_beyond, page_key
from connectors.bitrix24.readers.details import detailed, fetch_details, unread_details, why_unread, with_details
from connectors.bitrix24.readers.pacing import Pacing, fitting
from connectors.bitrix24.readers.ranges import filled, id_ranges, pages_left
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_FIRST_PAGES = 10


@dataclass(slots=True)
class KeysetReader:
    """Chains of pages ordered by id, many to one ``batch`` call. See ``Reader``."""

    listing: Listing
    webhooks: Webhooks
    _most_pages: int = field(init=False)
    _pacing: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))
    """Of the calls for details."""

    _proven: int = 0
    """Pages to a call that the portal's pace of late allows: a range that begins need not find out again."""

    def __post_init__(self) -> None:
        self._most_pages = self.listing.most_pages

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """Lowest and highest id in one call; ranges of equal width between them, the last one open upwards.

        Where only changes are wanted, their cursors say ``since`` when. What was gone and is there again may have
        changed long ago: each of those has a range of its own.
        """
        webhook = await self.webhooks.first(*self.listing.scopes)
        since = self.listing.since(extracted)
        fixed = self.listing.fixed | self.listing.conditions({}, since)
        lowest: Command = (self.listing.method, {**fixed, **self.listing.ascending})
        uncounted = {"start": -1} if self.listing.count_off else {}  # to count takes long, and once is enough
        highest: Command = (self.listing.method, {**fixed, **self.listing.descending, **uncounted})
        answer = await webhook.transport.batch({"lowest": lowest, "highest": highest})
        for error in answer.errors.values():
            raise error
        ids = [int(row[self.listing.id]) for result in answer.results.values() for row in self.listing.rows(result)]
        back = () if since is None else await self._back(extracted, since)
        if not ids:
            return Cut(back, len(back))
        self._proven = max(_FIRST_PAGES, fitting(answer.seconds, len(answer.results)))
        told = answer.totals.get("lowest")
        total = told if isinstance(told, int) and told > 0 else None
        advice: JsonObject = {"pages": self._proven, "highest": max(ids), "filled": filled(min(ids), max(ids), total)}
        if since is not None:
            advice["since"] = since
        cursors = id_ranges(min(ids), max(ids), ranges)
        return Cut((*({"after": after, "upto": upto, **advice} for after, upto in cursors), *back), total)

    async def _back(self, extracted: Extracted, since: str) -> tuple[JsonObject, ...]:
        """Those that changed as well come with all others that did."""
        listing = self.listing
        if listing.changed is None or listing.id_alone is None or listing.name is not None:
            return ()
        gone = [int(one) for one in await extracted.gone(listing.changed.entity) if one.isdecimal()]
        shown = await Listed(listing, self.webhooks).shown(gone) if gone else set()
        among_changed = replace(listing, where={**listing.where, listing.changed.condition: since})
        changed = await Listed(among_changed, self.webhooks).shown(sorted(shown)) if shown else set()
        return tuple({"after": one - 1, "upto": one, "pages": 1} for one in sorted(shown - changed))

    async def read(self, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """One chain, and the details of its rows, as far as the portal tells them; the next read begins where it stops.

        The range is over when its first page is empty, when its last id was read, or when a probe of its end shows
        nothing beyond. A page that is not full ends the chain only: rows may have been withheld from it.
        """
        after, upto = int(cursor["after"]), cursor["upto"]
        webhook = await self.webhooks.first(*self.listing.scopes)
        wanted = max(self._proven, int(cursor.get("pages", _FIRST_PAGES)))
        room = webhook.transport.room(self.listing.method)
        left = pages_left(cursor)
        pages = max(1, min(wanted, room or wanted, left or MOST_COMMANDS, self._most_pages, MOST_COMMANDS))
        probes = self._most_pages > 1 and (left is None or pages >= left)
        commands = self._chain(after, upto, pages, cursor.get("since"), probes=probes)
        try:
            answer = await webhook.transport.batch(commands, least=2 if TAIL_KEY in commands else 1)
        except RetryLater:
            self._most_pages = max(1, pages // 2)  # a call that is too heavy never comes back
            self._proven = 0
            raise
        self._most_pages = min(self.listing.most_pages, self._most_pages * 2)
        if page_key(0) in answer.errors:
            raise answer.errors[page_key(0)]
        found = chain_rows(answer.results, self.listing, after, upto)
        details, whole = await self._detail(webhook, found)
        raw = [archived(webhook.user, answer.raw), *details.raw, *why_unread(self.listing.details, details.refused)]
        last = int(found[whole - 1][self.listing.id]) if found else after
        following = None
        if whole < len(found):
            raw.append(note({"upto": last}))
            following = {**cursor, "after": last}
        elif found and last != upto and not nothing_beyond(answer.results, self.listing, last):
            sent = len(answer.results) + len(answer.errors)
            self._proven = max(1, min(pages * 2, fitting(answer.seconds, sent)))
            following = {**cursor, "after": last, "pages": self._proven}
        records = self.rows(raw)
        coverage = unread_details(self.listing.details, (record.data for record in records))
        return SourcePage(records, tuple(raw), following, 1 + len(details.raw), coverage=coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """List answers first, then those with details; rows whose details are another page's are left to it."""
        answers, upto = told(raw), noted(raw).get("upto")
        rows: dict[str, JsonObject] = {}
        for one in answers:
            chain = chain_rows(batch_results(one.answer), self.listing, -1)
            rows |= {
                str(row[self.listing.id]): dict(row)
                for row in chain
                if upto is None or int(row[self.listing.id]) <= upto
            }
        with_details(self.listing.details, answers, rows)
        return tuple(SourceRecord(self.listing.source_id(row), row) for row in rows.values())

    async def _detail(self, webhook: Webhook, rows: Sequence[JsonObject]) -> tuple[Attempts, int]:
        """(the details, of how many rows from the first they came).

        What was paid for is kept: else a page that costs more seconds than the portal gives a method at a time would
        begin anew after each pause, and never come to its end.
        """
        if not self.listing.details:
            return Attempts(), len(rows)
        kinds, ids = self.listing.details, [str(row[self.listing.id]) for row in rows]
        details = await fetch_details(webhook, kinds, ids, self._pacing, parts=True)
        whole = detailed(kinds, ids, details)
        if details.pause is not None and not whole:
            raise details.pause
        return details, whole

    def _chain(
        self, after: int, upto: int | None, pages: int, since: str | None, *, probes: bool
    ) -> dict[str, Command]:
        """The pages, each from the last id of the one before; and a probe of the end, when they are to reach it.

        The probe goes first: what is added while the pages are read does not keep the range from ending.
        """
        commands: dict[str, Command] = {}
        if probes:
            commands[TAIL_KEY] = self._page(after, upto, since, self.listing.descending)
        start: int | str = after
        for number in range(min(pages, MOST_COMMANDS - probes)):
            commands[page_key(number)] = self._page(start, upto, since, self.listing.ascending)
            start = last_id_of(number, self.listing)
        return commands

    def _page(self, after: int | str, upto: int | None, since: str | None, order: JsonObject) -> Command:
        bounds: JsonObject = {f">{self.listing.filter_id}": after}
        if upto is not None:
            bounds[f"<={self.listing.filter_id}"] = upto
        parameters = {**self.listing.fixed, **order, **self.listing.conditions(bounds, since)}
        return self.listing.method, parameters | ({"start": -1} if self.listing.count_off else {})
