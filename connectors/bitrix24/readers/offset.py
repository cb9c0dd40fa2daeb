"""Pages by ``start``, for lists that cannot be filtered by id (API facts §3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.listing import Listing
from connectors.bitrix24.raw import archived, told
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import JsonObject, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted


@dataclass(slots=True)
class OffsetReader:
    """One range, one page to a call. See ``Reader``."""

    listing: Listing
    webhooks: Webhooks

    async def cut(self, _ranges: int, _extracted: Extracted) -> Cut:
        """The count comes with the first page."""
        return Cut(({"start": 0},))

    async def read(self, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """A page that begins like one before is that page again: the list is over."""
        webhook = await self.webhooks.first(*self.listing.scopes)
        parameters = {**self.listing.fixed, **self.listing.ascending, "start": cursor["start"]}
        answer = await webhook.transport.call(self.listing.method, parameters)
        raw = (archived(webhook.user, answer.raw),)
        records = self.rows(raw)
        seen = cursor.get("seen") or []
        if not records or records[0].id in seen:
            return SourcePage((), raw, None, 1)
        following: JsonObject | None = None
        if answer.next is not None and answer.next > cursor["start"]:
            following = {"start": answer.next, "seen": [*seen, records[0].id]}
        return SourcePage(records, raw, following, 1)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """One row for each id."""
        found = [row for one in told(raw) for row in self.listing.rows(as_map(one.answer).get("result"))]
        by_id = {self.listing.source_id(row): row for row in found}
        return tuple(SourceRecord(source_id, row) for source_id, row in by_id.items())
