"""A simulated portal in a process of its own, and reading entities of it without an engine."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx

from connectors.bitrix24.portal import Bitrix24Source
from connectors.bitrix24.webhooks import Webhooks
from lab.processes import Process, environment, module
from shared.engine.archive.rows import dump_raw, load_raw
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.errors import RetryLater, SlowDown
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from shared.ports.stores import MediaStore
from tests.unit.bitrix24_stand_in import OpenBudget, fetcher

_MOST_TRIES = 2000

Answered = TypeVar("Answered")


@dataclass(slots=True)
class SimulatedPortal:
    """A running portal and its control plane."""

    url: str

    def webhook(self, secret: str, user: int = 1) -> str:
        return f"{self.url}/rest/{user}/{secret}/"

    def application(self, token: str) -> str:
        return f"{self.url}/rest/?auth={token}"

    def stats(self) -> JsonObject:
        stats: JsonObject = httpx.get(f"{self.url}/__sim/stats").json()
        return stats

    def truth(self, entity: str) -> list[JsonObject]:
        rows: list[JsonObject] = httpx.get(f"{self.url}/__sim/truth/{entity}", timeout=60).json()
        return rows

    def switch(self, **mode: Json) -> None:
        httpx.post(f"{self.url}/__sim/mode", json=mode).raise_for_status()

    def source(self, *webhooks: str, store: MediaStore | None = None) -> Bitrix24Source:
        """Without a budget, and patient with a portal that stumbles; ``store`` takes files, or memory."""
        client = HttpClient("source", lambda _method, _verdict: None, Backoff(first=0.001, longest=0.01))
        return Bitrix24Source.of_webhooks(webhooks, client, OpenBudget(), fetcher(self.url, store))


@contextmanager
def simulated_portal(log_dir: Path, *options: str) -> Iterator[SimulatedPortal]:
    """See ``lab/simulators/README.md`` for the options."""
    process = Process("portal", module("lab.simulators.bitrix24", *options), log_dir=log_dir, env=environment({}))
    try:
        yield SimulatedPortal(process.ready())
    finally:
        process.stop()


@dataclass(slots=True)
class Copy:
    """What was read so far: the ``Extracted`` of entities that follow others."""

    source: Bitrix24Source
    options: RunOptions = field(default_factory=RunOptions)
    read: dict[str, list[SourcePage]] = field(default_factory=dict)
    generation: str = "copy"
    before: "Copy | None" = None
    missing: dict[str, frozenset[str]] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)
    """Since when a copy that comes after another one reads what changed, by entity."""

    def since(self, entity: str) -> datetime | None:
        return self.moments.get(entity)

    async def gone(self, entity: str) -> frozenset[str]:
        return self.missing.get(entity, frozenset())

    async def earlier(self, entity: str) -> tuple[str, ...]:
        if self.before is None:
            return ()
        return tuple(f"{page} before" for page in await self.before.pages(entity))

    async def pages(self, entity: str) -> tuple[str, ...]:
        return tuple(f"{entity} {number}" for number, page in enumerate(self.read.get(entity, [])) if page.records)

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        if page.endswith(" before") and self.before is not None:
            return await self.before.rows(page.removesuffix(" before"))
        entity, number = page.split()
        return self.read[entity][int(number)].records

    async def fetch(self, *entities: str, ranges: int = 8) -> None:
        """Read entities in this order; what fails for a passing reason is asked for again."""
        for entity in entities:
            self.read[entity] = []
            cut = await self._asked(partial(self.source.cut, entity, ranges, self))
            for cursor in cut.cursors:
                following: JsonObject | None = cursor
                while following is not None:
                    page = await self._asked(partial(self.source.read, entity, following, self))
                    self.read[entity].append(page)
                    following = page.next

    @staticmethod
    async def _asked(ask: Callable[[], Awaitable[Answered]]) -> Answered:
        for _ in range(_MOST_TRIES):
            try:
                return await ask()
            except (RetryLater, SlowDown):
                continue
        raise AssertionError("the portal never answers")

    def rows_of(self, entity: str) -> dict[str, JsonObject]:
        """Rows by id. Fails for a record that came out twice."""
        records = [record for page in self.read[entity] for record in page.records]
        assert len({record.id for record in records}) == len(records), f"{entity}: a record came out twice"
        return {record.id: record.data for record in records}

    def rebuilt(self, entity: str) -> dict[str, JsonObject]:
        """The same rows, made again of raw blobs by a source that has read nothing. Fails for another order of them."""
        fresh = Bitrix24Source(self.source.portal, Webhooks([]), self.source.media)
        pages = [fresh.rows(entity, load_raw(dump_raw(page.raw))) for page in self.read[entity]]
        read = [record.id for page in self.read[entity] for record in page.records]
        assert [record.id for page in pages for record in page] == read, f"{entity}: slices would hold other records"
        return {record.id: record.data for page in pages for record in page}

    def coverage(self, entity: str) -> Counter[str]:
        """The counters of all pages."""
        return sum((Counter(page.coverage) for page in self.read[entity]), Counter())
