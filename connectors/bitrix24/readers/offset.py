"""Pages by ``start``, for lists that cannot be filtered by id (API facts §3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.listing import Listing
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import JsonObject, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_MOST_ROUNDS = 3
"""How often a list is read again; one that never comes to rest is then taken as it is."""


@dataclass(slots=True)
class OffsetReader:
    """One range, one page to a call. See ``Reader``."""

    listing: Listing
    webhooks: Webhooks

    async def cut(self, _ranges: int, _extracted: Extracted) -> Cut:
        """The count comes with the first page."""
        return Cut(({"start": 0},))

    async def read(self, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """A page that begins like one before is that page again: the list is over.

        What is deleted meanwhile moves the rest up, past the reader. So a list whose count changed, or which brought
        fewer rows than it counts, is read again for what is still missing.
        """
        webhook = await self.webhooks.first(*self.listing.scopes)
        parameters = {**self.listing.fixed, **self.listing.ascending, "start": cursor["start"]}
        answer = await webhook.transport.call(self.listing.method, parameters)
        listed = self.rows((archived(webhook.user, answer.raw),))
        known, seen = cursor.get("known") or [], cursor.get("seen") or []
        again = not listed or listed[0].id in seen
        new = [] if again else [row.id for row in listed if row.id not in known]
        raw = (note({"new": new}), archived(webhook.user, answer.raw))
        totals = sorted({*(cursor.get("totals") or []), *([] if answer.total is None else [answer.total])})
        place: JsonObject = {"round": cursor.get("round", 0), "known": [*known, *new], "totals": totals}
        following: JsonObject | None = None
        if not again and answer.next is not None and answer.next > cursor["start"]:
            following = {**place, "start": answer.next, "seen": [*seen, listed[0].id]}
        elif place["round"] < _MOST_ROUNDS and (len(totals) > 1 or len(place["known"]) < max(totals, default=0)):
            following = {"start": 0, "round": place["round"] + 1, "known": place["known"]}
        return SourcePage(self.rows(raw), raw, following, 1)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """One row for each id that is new."""
        new = noted(raw).get("new")
        found = [row for one in told(raw) for row in self.listing.rows(as_map(one.answer).get("result"))]
        by_id = {self.listing.source_id(row): row for row in found}
        return tuple(SourceRecord(one, row) for one, row in by_id.items() if new is None or one in new)
