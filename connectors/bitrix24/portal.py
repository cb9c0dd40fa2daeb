"""A Bitrix24 portal as a ``Source``."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.bitrix24.examination import examine
from connectors.bitrix24.families import READERS
from connectors.bitrix24.lanes import Lane
from connectors.bitrix24.presence.roll_call import RollCall
from connectors.bitrix24.readers.reader import Portal, Reader
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.surveying.survey import Surveyor
from connectors.bitrix24.transport import Access, Transport
from connectors.bitrix24.webhooks import Webhooks
from shared.http.client import HttpClient
from shared.http.renewing import never
from shared.media.fetching import MediaFetcher
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.surveys import Survey
from shared.ports.systems import Budget, Check, Extracted

_CLOUD = re.compile(r"\.bitrix24\.[a-z]{2,6}(?:\.[a-z]{2})?\Z")
"""Names below it are the vendor's: portals, and the servers that hand out their pictures."""


def portal_of(urls: Sequence[str]) -> str:
    """Host (and port) of the portal that all webhook ``urls`` are of. Raises ValueError without quoting a URL."""
    portals = {Access.of(url).portal for url in urls}
    if len(portals) != 1:
        raise ValueError("the webhooks must all be of one portal")
    return portals.pop()


def file_hosts(portal: str) -> tuple[str, ...]:
    """Hosts of a portal's files, besides its own address: those of a cloud portal's zone (``.bitrix24.com``)."""
    zone = _CLOUD.search(portal)
    return (zone[0],) if zone else ()


@dataclass(slots=True)
class Bitrix24Source:
    """Reads the entities of one portal (``families.READERS``) through one or more webhooks."""

    portal: str
    webhooks: Webhooks
    media: MediaFetcher
    rate: float | None = None
    """Requests per second that are made of the portal, as far as is known."""

    _readers: dict[str, Reader] = field(default_factory=dict)
    _roll_call: RollCall = field(init=False)

    def __post_init__(self) -> None:
        """Whoever asks for records later learns the portal's pace."""
        self._roll_call = RollCall(self.webhooks)

    @staticmethod
    def of_webhooks(
        urls: Sequence[str],
        http: HttpClient,
        budget: Budget,
        media: MediaFetcher,
        rate: float | None = None,
        successor: Callable[[Access], Awaitable[Access | None]] = never,
    ) -> "Bitrix24Source":
        """``media`` fetches the files of records, ``successor`` finds what follows a webhook that is refused.

        Raises ValueError for URLs of which ``portal_of`` does.
        """
        transports = [
            Transport(Access.of(url), http, Lane(budget, number), successor=successor)
            for number, url in enumerate(urls)
        ]
        return Bitrix24Source(portal_of(urls), Webhooks(transports), media, rate)

    async def identity(self) -> str:
        """Host (and port) of the portal."""
        return self.portal

    async def now(self) -> datetime | None:
        """See ``Source.now``; a portal that does not know ``server.time`` does not tell."""
        webhook = (await self.webhooks.known())[0]
        try:
            told = (await webhook.transport.call("server.time", {})).result
        except EntityStopped:
            return None
        seconds = instant(told)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        """See ``Source.cut``."""
        return await self.reader(entity).cut(ranges, extracted)

    async def read(self, entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """See ``Source.read``."""
        return await self.reader(entity).read(cursor, extracted)

    def rows(self, entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``Source.rows``."""
        return self.reader(entity).rows(raw)

    async def shown(self, entity: str, source_ids: Sequence[str]) -> frozenset[str] | None:
        """See ``Source.shown``."""
        return await self._roll_call.shown(entity, source_ids)

    async def gone(self, entity: str, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """See ``Source.gone``."""
        return await self._roll_call.gone(entity, source_ids, extracted)

    async def checks(self) -> list[Check]:
        """See ``examine``."""
        return await examine(self.portal, self.webhooks, self.rate)

    async def survey(self, entities: Sequence[str], ranges: int) -> Survey:
        """See ``Source.survey``."""
        return await Surveyor(self.webhooks, self.reader).survey(entities, ranges)

    def reader(self, entity: str) -> Reader:
        """The reader of one entity; it learns how heavy the portal's pages are, so there is one for all pages."""
        if entity not in self._readers:
            self._readers[entity] = READERS[entity](Portal(self.portal, self.webhooks, self.media))
        return self._readers[entity]
