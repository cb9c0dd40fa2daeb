"""Which connector serves which side of a plan: one line per system."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from composition.counters import Counters
from connectors.bitrix24.portal import Bitrix24Source, file_hosts, portal_of
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
from shared.model.plan import Plan
from shared.ports.evidence import record
from shared.ports.stores import Stores
from shared.ports.systems import Source, Target
from shared.schema.registry import validate
from shared.settings.model import Settings

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
    """Builds the systems of a plan from the settings, once."""

    settings: Settings
    stores: Stores
    counters: Counters
    _jobs: dict[str, Job] = field(default_factory=dict)

    def plan_of(self, name: str) -> Plan:
        """Raises KeyError for an unknown plan."""
        return load_plan(name).plan

    def of(self, plan: str) -> Job:
        """Raises KeyError for an unknown plan and NotConfigured when its systems are not."""
        if plan not in self._jobs:
            with _naming("PORTAGE_PLAN_TABLES"):
                loaded = load_plan(plan, self.settings.plan_tables)
            source = self._sources()[loaded.plan.source]()
            target = self._targets()[loaded.plan.target]()
            self._jobs[plan] = Job(loaded.plan, loaded.mappings, source, target, validate, loaded.needs)
        return self._jobs[plan]

    def _sources(self) -> dict[str, Callable[[], Source]]:
        return {"bitrix24": self._bitrix24}

    def _targets(self) -> dict[str, Callable[[], Target]]:
        return {"import_gateway": self._import_gateway}

    def _bitrix24(self) -> Source:
        if not self.settings.webhooks:
            raise NotConfigured("PORTAGE_BITRIX24_WEBHOOK_URLS is not set")
        with _naming("PORTAGE_BITRIX24_WEBHOOK_URLS"):
            portal = portal_of(self.settings.webhooks)
        rate, burst = self.settings.source_rate, self.settings.source_burst
        allowance = TokenBucket(rate=rate, burst=burst) if rate else _UNLIMITED
        budget = Governor(self.stores.shared, f"source:{portal}:rate", allowance)
        http = HttpClient("source", self._tally("source"))
        return Bitrix24Source.of_webhooks(self.settings.webhooks, http, budget, self._files_of(portal), rate)

    def _files_of(self, portal: str) -> MediaFetcher:
        """The portal's own address may be private, no other one (DESIGN §4)."""
        webhooks = self.settings.webhooks
        with _naming("PORTAGE_MEDIA_HOSTS"):
            sources = AllowedSources.of((*file_hosts(portal), *self.settings.file_hosts), webhooks)
        return MediaFetcher(self.stores.media, sources, portal=webhooks[0], limits=_FILES)

    def _import_gateway(self) -> Target:
        if self.settings.gateway is None:
            raise NotConfigured("PORTAGE_GATEWAY_URL is not set")
        with _naming("PORTAGE_GATEWAY_URL"):
            address = GatewayAddress.parse(self.settings.gateway)
        budget = MethodBudgets(self.stores.shared, address.owner)
        return ImportGateway(address, HttpClient("target", self._tally("target")), budget, self.stores.media)

    def _tally(self, system: str) -> Tally:
        def tally(method: str, verdict: str) -> None:
            self.counters.call(system, method, verdict)
            record(method, verdict)

        return tally
