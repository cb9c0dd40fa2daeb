"""Which connector serves which side of a plan: one line per system."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from composition.counters import Counters
from connectors.bitrix24.portal import Bitrix24Source, file_hosts, portal_of
from connectors.bitrix24.transport import Access
from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.gateway import ImportGateway
from plans.loading import load_plan
from shared.engine.budgets.buckets import TokenBucket
from shared.engine.budgets.governor import Governor
from shared.engine.budgets.methods import MethodBudgets
from shared.engine.job import Job, NotConfigured
from shared.http.client import HttpClient, Tally
from shared.media.addresses import AllowedSources
from shared.media.fetching import Limits, MediaFetcher
from shared.media.opening import opens
from shared.model.plan import Plan
from shared.ports.evidence import record
from shared.ports.stores import Stores
from shared.ports.systems import Source, Target
from shared.schema.linked import links
from shared.schema.registry import validate
from shared.settings.configuration import Configuration
from shared.settings.model import Settings

_System = TypeVar("_System")

_UNLIMITED = TokenBucket(rate=100_000.0, burst=100_000)

_FILES = Limits(total=120.0)
"""A worker's message may take a minute, and end with one page of files that are all slow."""


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """A value that its connector cannot use is told by the name of its setting."""
    try:
        yield
    except ValueError as error:
        raise NotConfigured(f"{setting}: {error}") from None


@dataclass(slots=True)
class ConfiguredJobs:
    """Builds the systems of a plan from the settings: once, and anew when a setting that they go by has changed.

    Budgets and connections outlive that. Work that is under way ends with what it began with, save that a secret which
    is refused is exchanged.
    """

    configuration: Configuration
    stores: Stores
    counters: Counters
    _jobs: dict[str, Job] = field(default_factory=dict)
    _built_of: tuple[object, ...] = ()
    _clients: dict[str, HttpClient] = field(default_factory=dict)
    _rates: dict[str, Governor] = field(default_factory=dict)
    _methods: dict[str, MethodBudgets] = field(default_factory=dict)

    def plan_of(self, name: str) -> Plan:
        """Raises KeyError for an unknown plan."""
        return load_plan(name).plan

    def of(self, plan: str) -> Job:
        """Raises KeyError for an unknown plan and NotConfigured when its systems are not."""
        built_of = _what_counts(self._settings)
        if built_of != self._built_of:
            self._jobs, self._built_of = {}, built_of
        if plan not in self._jobs:
            with _naming("PORTAGE_PLAN_TABLES"):
                loaded = load_plan(plan, self._settings.plan_tables)
            source, target = self._systems(loaded.plan)
            self._jobs[plan] = Job(loaded.plan, loaded.mappings, source, target, validate, loaded.needs, links, opens)
        return self._jobs[plan]

    def _systems(self, plan: Plan) -> tuple[Source, Target]:
        """Both sides of a plan. Raises NotConfigured, which names what either of them lacks."""
        source, target = _built(self._sources()[plan.source]), _built(self._targets()[plan.target])
        if isinstance(source, NotConfigured) or isinstance(target, NotConfigured):
            raise NotConfigured("; ".join(str(one) for one in (source, target) if isinstance(one, NotConfigured)))
        return source, target

    def _sources(self) -> dict[str, Callable[[], Source]]:
        return {"bitrix24": self._bitrix24}

    def _targets(self) -> dict[str, Callable[[], Target]]:
        return {"import_gateway": self._import_gateway}

    @property
    def _settings(self) -> Settings:
        return self.configuration.settings

    def _bitrix24(self) -> Source:
        webhooks, rate = self._settings.webhooks, self._settings.source_rate
        if not webhooks:
            raise NotConfigured("PORTAGE_BITRIX24_WEBHOOK_URLS is not set")
        with _naming("PORTAGE_BITRIX24_WEBHOOK_URLS"):
            portal = portal_of(webhooks)
        budget, files = self._rate_of(portal), self._files_of(portal)
        return Bitrix24Source.of_webhooks(webhooks, self._client("source"), budget, files, rate, self._other_webhook)

    def _rate_of(self, portal: str) -> Governor:
        rate, burst = self._settings.source_rate, self._settings.source_burst
        allowance = TokenBucket(rate=rate, burst=burst) if rate else _UNLIMITED
        if portal not in self._rates:
            self._rates[portal] = Governor(self.stores.shared, f"source:{portal}:rate", allowance)
        self._rates[portal].allowance = allowance
        return self._rates[portal]

    def _files_of(self, portal: str) -> MediaFetcher:
        """The portal's own address may be private, no other one (DESIGN §4)."""
        webhooks = self._settings.webhooks
        with _naming("PORTAGE_MEDIA_HOSTS"):
            sources = AllowedSources.of((*file_hosts(portal), *self._settings.file_hosts), webhooks)
        return MediaFetcher(self.stores.media, sources, portal=webhooks[0], limits=_FILES)

    def _import_gateway(self) -> Target:
        if self._settings.gateway is None:
            raise NotConfigured("PORTAGE_GATEWAY_URL is not set")
        with _naming("PORTAGE_GATEWAY_URL"):
            address = GatewayAddress.parse(self._settings.gateway)
        budget = self._methods.setdefault(address.owner, MethodBudgets(self.stores.shared, address.owner))
        return ImportGateway(address, self._client("target"), budget, self.stores.media, self._other_code)

    def budgets(self) -> Iterator[tuple[str, str, Governor]]:
        """Every budget that this process has drawn from, with its side and its name."""
        yield from (("source", "rate", governor) for governor in self._rates.values())
        for methods in self._methods.values():
            yield from (("target", name, governor) for name, governor in methods.governors.items())

    async def _other_webhook(self, refused: Access) -> Access | None:
        return await self.configuration.successor(lambda settings: refused.successor(settings.webhooks), refused)

    async def _other_code(self, refused: GatewayAddress) -> GatewayAddress | None:
        return await self.configuration.successor(lambda settings: refused.successor(settings.gateway), refused)

    def _client(self, system: str) -> HttpClient:
        if system not in self._clients:
            self._clients[system] = HttpClient(system, self._tally(system), timing=self.counters.timing(system))
        return self._clients[system]

    def _tally(self, system: str) -> Tally:
        def tally(method: str, verdict: str) -> None:
            self.counters.call(system, method, verdict)
            record(method, verdict)

        return tally


def _built(build: Callable[[], _System]) -> _System | NotConfigured:
    try:
        return build()
    except NotConfigured as error:
        return error


def _what_counts(settings: Settings) -> tuple[object, ...]:
    """The settings that systems are built of."""
    rates = settings.source_rate, settings.source_burst
    return (settings.webhooks, settings.gateway, settings.file_hosts, settings.plan_tables, *rates)
