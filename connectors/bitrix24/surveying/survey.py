"""The survey of a portal: counts from first pages, calls from the readers' arithmetic. Nothing is kept or written."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.families.tasks import TaskReader
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.parts import PartsReader
from connectors.bitrix24.readers.reader import Reader
from connectors.bitrix24.surveying.counting import Counted, count_lists
from connectors.bitrix24.surveying.feed import FEED, FILES, look_at_feed
from connectors.bitrix24.surveying.messenger import MESSENGER, look_at_chats
from connectors.bitrix24.surveying.modules import inventory
from connectors.bitrix24.surveying.sizing import Look
from connectors.bitrix24.webhooks import Webhooks
from shared.ports.surveys import Survey


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Asks one portal. ``reader_of`` gives the reader of an entity, which knows how the entity is listed."""

    webhooks: Webhooks
    reader_of: Callable[[str], Reader]

    async def survey(self, entities: Sequence[str], ranges: int) -> Survey:
        """See ``Source.survey``."""
        known = await self.webhooks.known()
        lists = {name: listing for name in entities if (listing := _listing(self.reader_of(name))) is not None}
        counted, feed, chats, modules = await asyncio.gather(
            count_lists(self.webhooks, lists),
            look_at_feed(self.webhooks) if {*FEED, FILES} & set(entities) else _nothing(),
            look_at_chats(self.webhooks) if set(MESSENGER) & set(entities) else _nothing(),
            inventory(self.webhooks),
        )
        look = Look(entities, ranges, lists, counted, await self._parts(entities, counted), feed, chats)
        return Survey(
            entities=look.sizes(),
            callers=tuple(
                {"user": one.user, "name": one.name, "admin": one.admin, "scopes": sorted(one.scopes or ())}
                for one in known
            ),
            modules=modules,
            media=None if feed is None else feed.media,
            stored_bytes=look.stored_bytes(),
            least_seconds=look.least_seconds(),
        )

    async def _parts(
        self, entities: Sequence[str], counted: Mapping[str, Counted]
    ) -> dict[str, dict[str, tuple[Listing, Counted]]]:
        """By entity that is read in parts: the count of each part that the first page of its parents names."""
        found: dict[str, dict[str, tuple[Listing, Counted]]] = {}
        for name in entities:
            reader = self.reader_of(name)
            if isinstance(reader, PartsReader) and reader.parts.parents in counted:
                numbers = [int(one[reader.parts.key]) for one in counted[reader.parts.parents].sample]
                lists = {str(number): reader.parts.listing(number) for number in numbers}
                told = await count_lists(self.webhooks, lists)
                found[name] = {part: (listing, told[part]) for part, listing in lists.items()}
        return found


async def _nothing() -> None:
    return None


def _listing(reader: Reader) -> Listing | None:
    """How the entity is listed, where it is one list."""
    match reader:
        case KeysetReader() | OffsetReader():
            return reader.listing
        case TaskReader():
            return reader.keyset.listing
    return None
