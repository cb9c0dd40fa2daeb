"""A Bitrix24 portal as a ``Source``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.examination import examine
from connectors.bitrix24.families import READERS
from connectors.bitrix24.readers.reader import Reader
from connectors.bitrix24.transport import Access, Transport
from connectors.bitrix24.webhooks import Webhooks
from shared.http.client import HttpClient
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage
from shared.ports.systems import Budget, Check, Extracted


@dataclass(slots=True)
class Bitrix24Source:
    """Reads the entities of one portal (``families.READERS``) through one or more webhooks."""

    portal: str
    webhooks: Webhooks
    _readers: dict[str, Reader] = field(default_factory=dict)

    @staticmethod
    def of_webhooks(urls: Sequence[str], http: HttpClient, budget: Budget) -> "Bitrix24Source":
        """All must be of one portal. Raises ValueError without quoting a URL."""
        accesses = [Access.webhook(url) for url in urls]
        if not accesses:
            raise ValueError("PORTAGE_BITRIX24_WEBHOOK_URLS is not set")
        if len({access.portal for access in accesses}) > 1:
            raise ValueError("PORTAGE_BITRIX24_WEBHOOK_URLS must all be of one portal")
        return Bitrix24Source(accesses[0].portal, Webhooks([Transport(access, http, budget) for access in accesses]))

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
