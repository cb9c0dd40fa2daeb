"""A Bitrix24 portal as a ``Source``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.examination import examine
from connectors.bitrix24.families import READERS
from connectors.bitrix24.lanes import Lane
from connectors.bitrix24.readers.reader import Reader
from connectors.bitrix24.transport import Access, Transport
from connectors.bitrix24.webhooks import Webhooks
from shared.http.client import HttpClient
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage
from shared.ports.systems import Budget, Check, Extracted


def portal_of(urls: Sequence[str]) -> str:
    """Host (and port) of the portal that all webhook ``urls`` are of. Raises ValueError without quoting a URL."""
    portals = {Access.webhook(url).portal for url in urls}
    if len(portals) != 1:
        raise ValueError("the webhooks must all be of one portal")
    return portals.pop()


@dataclass(slots=True)
class Bitrix24Source:
    """Reads the entities of one portal (``families.READERS``) through one or more webhooks."""

    portal: str
    webhooks: Webhooks
    _readers: dict[str, Reader] = field(default_factory=dict)

    @staticmethod
    def of_webhooks(urls: Sequence[str], http: HttpClient, budget: Budget) -> "Bitrix24Source":
        """Raises ValueError for URLs of which ``portal_of`` does."""
        transports = [Transport(Access.webhook(url), http, Lane(budget, number)) for number, url in enumerate(urls)]
        return Bitrix24Source(portal_of(urls), Webhooks(transports))

    async def identity(self) -> str:
        """Host (and port) of the portal."""
        return self.portal

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        """See ``Source.cut``."""
        return await self.reader(entity).cut(ranges, extracted)

    async def read(self, entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """See ``Source.read``."""
        return await self.reader(entity).read(cursor, extracted)

    async def checks(self) -> list[Check]:
        """See ``examine``."""
        return await examine(self.portal, self.webhooks)

    def reader(self, entity: str) -> Reader:
        """The reader of one entity; it learns how heavy the portal's pages are, so there is one for all pages."""
        if entity not in self._readers:
            self._readers[entity] = READERS[entity](self.webhooks)
        return self._readers[entity]
