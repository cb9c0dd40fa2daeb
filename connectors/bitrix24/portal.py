"""A Bitrix24 portal as a ``Source``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.entities import LISTINGS
from connectors.bitrix24.paging import KeysetPager, OffsetPager
from connectors.bitrix24.transport import Access, Transport
from shared.http.client import HttpClient
from shared.model.errors import PortageError
from shared.model.json import JsonObject, as_list, as_map
from shared.model.records import Cut, SourcePage
from shared.ports.systems import Budget, Check, Extracted

_SCOPES = ("user", "department", "sonet_group")


@dataclass(slots=True)
class Bitrix24Source:
    """Reads departments, users and groups with their members through one access."""

    access: Access
    http: HttpClient
    budget: Budget
    _pagers: dict[str, KeysetPager | OffsetPager] = field(default_factory=dict)

    @staticmethod
    def of_webhooks(urls: Sequence[str], http: HttpClient, budget: Budget) -> "Bitrix24Source":
        """All must be of one portal; the first one reads. Raises ValueError without quoting a URL."""
        accesses = [Access.webhook(url) for url in urls]
        if not accesses:
            raise ValueError("PORTAGE_BITRIX24_WEBHOOK_URLS is not set")
        if len({access.portal for access in accesses}) > 1:
            raise ValueError("PORTAGE_BITRIX24_WEBHOOK_URLS must all be of one portal")
        return Bitrix24Source(accesses[0], http, budget)

    async def identity(self) -> str:
        """Host (and port) of the portal."""
        return self.access.portal

    async def cut(self, entity: str, ranges: int, _extracted: Extracted) -> Cut:
        """See ``Source.cut``."""
        return await self._pager(entity).cut(ranges)

    async def read(self, entity: str, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """See ``Source.read``."""
        return await self._pager(entity).read(cursor)

    async def checks(self) -> list[Check]:
        """The portal's clock, the webhook's owner and scopes, and one call of every list method."""
        transport = self._transport()
        try:
            answer = await transport.batch(
                {
                    "time": ("server.time", {}),
                    "profile": ("profile", {}),
                    "scope": ("scope", {}),
                    **{name: (listing.method, {"start": -1}) for name, listing in LISTINGS.items()},
                }
            )
        except PortageError as error:
            return [Check(f"portal {self.access.portal}", False, error.message, error.reason.hint)]
        owner = as_map(answer.results.get("profile"))
        checks = [Check(f"portal {self.access.portal}", True, f"clock {answer.results.get('time')}")]
        is_admin = bool(owner.get("ADMIN"))
        who = f"user {owner.get('ID')} {owner.get('NAME', '')} {owner.get('LAST_NAME', '')}".strip()
        advice = None if is_admin else "Use a webhook of an administrator, or some records stay invisible"
        checks.append(Check("webhook owner", is_admin, f"{who}, {'' if is_admin else 'not '}an administrator", advice))
        granted = {str(scope) for scope in as_list(answer.results.get("scope"))}
        lacking = [scope for scope in _SCOPES if scope not in granted]
        tick = f"Tick {', '.join(lacking)} in the webhook's form" if lacking else None
        checks.append(Check("webhook scopes", not lacking, ", ".join(sorted(granted)) or "none", tick))
        for name, listing in LISTINGS.items():
            failed = answer.errors.get(name)
            detail = failed.message if failed else "answers"
            checks.append(Check(listing.method, failed is None, detail, failed.reason.hint if failed else None))
        return checks

    def _transport(self) -> Transport:
        return Transport(self.access, self.http, self.budget)

    def _pager(self, entity: str) -> KeysetPager | OffsetPager:
        if entity not in self._pagers:
            listing = LISTINGS[entity]
            kind = KeysetPager if listing.filter else OffsetPager
            self._pagers[entity] = kind(entity, listing, self._transport())
        return self._pagers[entity]
