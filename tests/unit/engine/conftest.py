"""A small world for the engine: a portal and a target in memory, and somebody who carries messages around."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.engine.admission import Admission
from shared.engine.advancing import Advancer, Tick
from shared.engine.binding import Binder
from shared.engine.clock import Clock
from shared.engine.control import RunControl
from shared.engine.cutting import Cutter
from shared.engine.extracted import RowCache
from shared.engine.extracting import Extractor
from shared.engine.finishing import Finishing
from shared.engine.importing import Importer
from shared.engine.job import Job, Pace
from shared.engine.lookup import References
from shared.engine.outages import Outages
from shared.engine.poison import Poison
from shared.engine.request import RunRequest
from shared.engine.status import Statuses
from shared.engine.stopping import Stopping
from shared.engine.targets import TargetGuard
from shared.engine.watching import Watchdog
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage
from shared.model.plan import Entity, Plan
from shared.model.records import Capabilities, Cut, MethodLimit, OutgoingItem, Receipt, SourcePage, SourceRecord
from shared.model.run import Run, RunMode
from shared.ports.stores import Stores
from shared.ports.systems import Check, Extracted
from shared.storage.memory.opening import open_memory_stores
from shared.transform.mapping import Mapping

PLAN = Plan(
    "demo",
    "Departments, users and groups",
    "portal",
    "target",
    (
        Entity("department", tree="parent_id"),
        Entity("user", import_after=("department",)),
        Entity("group", import_after=("user",)),
    ),
    "digest-1",
)

MAPPINGS = {
    "department": Mapping.parse(
        "department",
        {
            "field": {
                "name": {"from": "NAME", "required": True},
                "parent_id": {"from": "PARENT", "reference": "department"},
                "head_id": {"from": "HEAD", "reference": "user"},
            }
        },
    ),
    "user": Mapping.parse(
        "user",
        {
            "field": {
                "email": {"from": "EMAIL", "step": "email", "required": True},
                "department_ids": {"from": "DEPARTMENTS", "reference": "department", "many": True},
            }
        },
    ),
    "group": Mapping.parse(
        "group",
        {
            "field": {
                "name": {"from": "NAME", "required": True},
                "owner_id": {"from": "OWNER", "reference": "user", "required": True},
            }
        },
    ),
}


class Portal:
    """A source. ``page`` records to a read; ``trouble`` may raise before a read."""

    def __init__(self, page: int = 100) -> None:
        self.records: dict[str, dict[int, dict[str, Any]]] = {"department": {}, "user": {}, "group": {}}
        self.page = page
        self.trouble: Callable[[str, dict[str, Any]], None] = lambda _entity, _cursor: None
        self.name = "portal.example"

    async def identity(self) -> str:
        return self.name

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        self.trouble(entity, {})
        ids = sorted(self.records[entity])
        if not ids:
            return Cut((), 0)
        half = ids[len(ids) // 2]
        return Cut(({"after": 0, "upto": half}, {"after": half, "upto": None}), len(ids))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        self.trouble(entity, cursor)
        after, upto = cursor["after"], cursor["upto"]
        ids = [i for i in sorted(self.records[entity]) if i > after and (upto is None or i <= upto)]
        chosen = ids[: self.page]
        records = tuple(SourceRecord(str(i), self.records[entity][i]) for i in chosen)
        following = {"after": chosen[-1], "upto": upto} if len(ids) > self.page else None
        raw = json.dumps([record.data for record in records]).encode()
        return SourcePage(records, (raw,), following, 1)

    async def checks(self) -> list[Check]:
        return []


@dataclass
class Written:
    """One record at the target."""

    target_id: str
    checksum: str
    data: dict[str, Any]
    run_id: str
    action: str
    versions: int = 1


class Gateway:
    """A target that keeps the contract's answers. ``trouble`` may raise before or after a call is applied."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Written] = {}
        self.store_id = "store-1"
        self.calls: list[tuple[str, list[str]]] = []
        self.before: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.after: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.refuse: Callable[[str, OutgoingItem], Receipt | None] = lambda _entity, _item: None

    async def capabilities(self) -> Capabilities:
        self.before("capabilities", ())
        limits = {entity: MethodLimit(50, 600) for entity in PLAN.names}
        return Capabilities("1.1", self.store_id, "1", 5_000_000, limits)

    def key(self, entity: str, source_id: str, checksum: str) -> str:
        return f"source:{entity}:{source_id}:{checksum}"

    async def write(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        self.before(entity, items)
        self.calls.append((entity, [item.source_id for item in items]))
        receipts = tuple(self._one(entity, run_id, item) for item in items)
        self.after(entity, items)
        return receipts

    def _one(self, entity: str, run_id: str, item: OutgoingItem) -> Receipt:
        if refusal := self.refuse(entity, item):
            return refusal
        known = self.records.get((entity, item.source_id))
        if known is not None and known.checksum == item.checksum:
            return Receipt(item.source_id, "duplicate", known.target_id, known.action, known.run_id)
        action = "updated" if known else "created"
        target_id = known.target_id if known else f"t-{entity}-{item.source_id}"
        versions = known.versions + 1 if known else 1
        self.records[entity, item.source_id] = Written(target_id, item.checksum, item.data, run_id, action, versions)
        return Receipt(item.source_id, "imported", target_id, action)

    async def count(self, entity: str) -> tuple[int, int]:
        return sum(key[0] == entity for key in self.records), 0

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {i: {"data": self.records[entity, i].data} for i in source_ids if (entity, i) in self.records}

    async def checks(self) -> list[Check]:
        return []


class ManualClock(Clock):
    """Time that tests move on."""

    def __init__(self) -> None:
        self.offset = 0.0

    def seconds(self) -> float:
        return super().seconds() + self.offset

    def monotonic(self) -> float:
        return super().monotonic() + self.offset


@dataclass
class World:
    """The engine with everything around it."""

    portal: Portal
    gateway: Gateway
    stores: Stores
    clock: ManualClock
    pace: Pace = field(default_factory=lambda: Pace(slice_rows=40, halt_after=900))
    plan: Plan = PLAN
    started: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rewire()

    def plan_of(self, name: str) -> Plan:
        return self.of(name).plan

    def of(self, plan: str) -> Job:
        if plan != self.plan.name:
            raise KeyError(plan)
        return Job(self.plan, MAPPINGS, self.portal, self.gateway)

    def rewire(self) -> None:
        """A new process: nothing but the stores is remembered."""
        outages = Outages(self.stores.shared, self.clock)
        stopping = Stopping(self.stores, outages)
        admission = Admission(self.stores.runs, self.clock)
        finishing = Finishing(self.stores, self.clock)
        self.control = RunControl(self, self.stores, outages, self.clock)
        self.statuses = Statuses(self, self.stores, self.clock)
        self.advancer = Advancer(self, self.stores, outages, stopping, finishing, self.clock, self.pace)
        self.binder = Binder(self, self.stores, outages, stopping, self.clock)
        rows = RowCache(self.stores)
        self.cutter = Cutter(self, self.stores, stopping, self.pace, rows)
        self.extractor = Extractor(self, self.stores, admission, stopping, self.clock, self.pace, rows)
        self.importer = Importer(
            self,
            self.stores,
            admission,
            stopping,
            References(self.stores.idmaps),
            TargetGuard(self.stores.runs, self.clock),
            self.clock,
            self.pace,
        )
        self.poison = Poison(self.stores, self.extractor, self.importer, self.clock)
        self.watchdog = Watchdog(self.stores, self.control)

    async def starter(self, orchestrator: str, instance_id: str, payload: dict[str, object]) -> None:
        self.started.append((instance_id, payload))

    async def start(self, mode: RunMode = RunMode.FULL, entities: tuple[str, ...] = ()) -> Run:
        return await self.control.start(RunRequest(self.plan.name, mode, entities), "tester", self.starter)

    async def run(self, run_id: str) -> Run:
        run = await self.stores.runs.get(run_id)
        assert run is not None
        return run

    async def status(self, run_id: str) -> dict[str, Any]:
        return await self.statuses.of(await self.run(run_id))

    async def messages(self, queue: str) -> list[str]:
        return self.stores.queue.take(queue)  # type: ignore[attr-defined]  # the double lets tests receive

    async def deliver(self) -> int:
        """Hand every waiting message to its worker once."""
        count = 0
        for text in await self.messages(EXTRACT_QUEUE):
            await self.extractor.work(ExtractMessage.load(text))
            count += 1
        for text in await self.messages(IMPORT_QUEUE):
            await self.importer.work(ImportMessage.load(text))
            count += 1
        return count

    async def tick(self, run: Run) -> Tick:
        """What one turn of the orchestration does."""
        tick = await self.advancer.tick(run.run_id, run.epoch)
        if not tick.stop and await self.binder.bind(run.run_id, run.epoch):
            for entity in tick.open:
                await self.cutter.open(run.run_id, run.epoch, entity)
        return tick

    async def first_import(self, run: Run) -> ImportMessage:
        """Drive until the first import message waits; answers it."""
        for _ in range(50):
            await self.tick(run)
            if texts := await self.messages(IMPORT_QUEUE):
                await self.stores.queue.send(IMPORT_QUEUE, texts[1:])
                return ImportMessage.load(texts[0])
            await self.deliver()
            self.clock.offset += 1
        raise AssertionError("no import began")

    async def drive(self, run_id: str, turns: int = 200) -> Run:
        """Turn after turn until the orchestration would end; waiting costs no real time."""
        run = await self.run(run_id)
        for _ in range(turns):
            if (await self.tick(run)).stop:
                return await self.run(run_id)
            if not await self.deliver():
                self.clock.offset += 5
        return await self.run(run_id)


@pytest.fixture
async def world() -> World:
    """Twelve departments in a tree with heads, 130 users, 45 groups."""
    portal = Portal()
    for i in range(1, 13):
        portal.records["department"][i] = {"NAME": f"d{i}", "PARENT": str(i // 2) if i > 1 else "", "HEAD": str(i * 10)}
    for i in range(1, 131):
        portal.records["user"][i] = {"EMAIL": f"u{i}@example.com", "DEPARTMENTS": [i % 12 + 1]}
    for i in range(1, 46):
        portal.records["group"][i] = {"NAME": f"g{i}", "OWNER": str(i)}
    return World(portal, Gateway(), open_memory_stores(), ManualClock())
