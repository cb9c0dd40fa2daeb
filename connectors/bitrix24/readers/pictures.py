"""Pictures of people and of groups, whose rows keep an address that was signed without what made it a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.listing import Listing
from connectors.bitrix24.readers.attachments import Wanted, files_of
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.drive import Found, Search
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json
from shared.model.records import SourceRecord


@dataclass(frozen=True, slots=True)
class Pictures:
    """Asks for the owners anew; ``lists`` say how, by entity."""

    webhooks: Webhooks
    lists: Mapping[str, Listing]

    async def find(self, files: Sequence[Wanted], search: Search) -> None:
        """Add addresses to use at once. A picture that its owner has no more is refused as gone."""
        for owner, listing in self.lists.items():
            wanted = {f"o{one.owner_id}": one for one in files if one.owner == owner}
            if wanted:
                await self._find(listing, wanted, search)

    async def _find(self, listing: Listing, wanted: Mapping[str, Wanted], search: Search) -> None:
        """``wanted`` are of one entity, by key of the command that asks for the owner."""
        commands = {
            key: (listing.method, {**listing.fixed, str(listing.filter): {listing.filter_id: one.owner_id}})
            for key, one in wanted.items()
        }
        try:
            asked = await attempt(await self.webhooks.first(*listing.scopes), commands)
        except EntityStopped as closed:
            search.refused |= {one.id: closed for one in wanted.values()}
            search.unclear |= {one.id for one in wanted.values()}
            return
        search.raw += asked.raw
        for key, one in wanted.items():
            if key in asked.refused:
                search.refused[one.id] = asked.refused[key]
                search.unclear.add(one.id)
            elif (address := _address(listing, one, asked.results[key])) is not None:
                search.found[one.id] = Found(one.name, None, address=address)
            else:
                search.refused[one.id] = EntityStopped("source.not_found", f"{one.id} is not there any more")


def _address(listing: Listing, wanted: Wanted, result: Json) -> str | None:
    rows = [row for row in listing.rows(result) if str(row[listing.id]) == wanted.owner_id]
    files = [file for row in rows for file in files_of(wanted.owner, SourceRecord(wanted.owner_id, row))]
    return files[0].address if files else None
