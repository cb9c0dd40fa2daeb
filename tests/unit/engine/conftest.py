"""A small world for the engine: a portal and a target in memory, and somebody who carries messages around."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.engine.archive.extracted import RowCache
from shared.engine.clock import Clock
from shared.engine.dead_letters.poison import Poison, Worker
from shared.engine.dead_letters.redriving import Redriving
from shared.engine.dead_letters.requeueing import Requeueing
from shared.engine.deletions.worker import Remover
from shared.engine.explaining.explaining import Explaining
from shared.engine.extraction.cutting import Cutter
from shared.engine.extraction.worker import Extractor
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import References
from shared.engine.importing.worker import Importer
from shared.engine.job import Job, Pace
from shared.engine.pages.completing import PROOF
from shared.engine.proof.proofs import Proofs
from shared.engine.proof.worker import Prover
from shared.engine.runs.admission import Admission
from shared.engine.runs.advancing import Advancer, Tick
from shared.engine.runs.attempting import Attempting
from shared.engine.runs.binding import Binder
from shared.engine.runs.control import RunControl
from shared.engine.runs.finishing import Finishing
from shared.engine.runs.flaws import Flaws
from shared.engine.runs.locking import Locks
from shared.engine.runs.outages import Outages
from shared.engine.runs.request import RunRequest
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.status import Statuses
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.engine.runs.watching import Watchdog
from shared.engine.undo.asking import UndoRequests
from shared.engine.undo.phases import Phases
from shared.engine.undo.results import Rollbacks
from shared.engine.undo.ticking import Undoing
from shared.engine.undo.worker import Undoer
from shared.model.ledger import Stage
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage
from shared.model.plan import Plan
from shared.model.records import SchemaNeeds
from shared.model.run import Run, RunMode, RunOptions
from shared.ports.stores import Stores
from shared.storage.memory.opening import open_memory_stores
from shared.transform.mapping import Mapping
from tests.unit.engine.both_sides import MAPPINGS, PLAN, Gateway, Portal, links_of

IMPORTED = {"department": 12, "user": 130, "group": 45}
"""How many records of each entity ``world`` holds."""


class ManualClock(Clock):
    """Time that tests move on."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.offset)

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
    needs: dict[str, SchemaNeeds] = field(default_factory=dict)
    unmasked: bool = False
    mappings: dict[str, Mapping] = field(default_factory=lambda: MAPPINGS)
    started: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    bound: set[tuple[str, int]] = field(default_factory=set)
    options: RunOptions = field(default_factory=lambda: RunOptions(sample=0.0))
    """Without a sample nothing is transformed but what is imported, or differs from what was."""

    def __post_init__(self) -> None:
        self.rewire()

    def plan_of(self, name: str) -> Plan:
        return self.of(name).plan

    def of(self, plan: str) -> Job:
        if plan != self.plan.name:
            raise KeyError(plan)
        return Job(self.plan, self.mappings, self.portal, self.gateway, needs=self.needs, links=links_of)

    def rewire(self) -> None:
        """A new process: nothing but the stores is remembered."""
        outages = Outages(self.stores.shared, self.clock)
        stopping = Stopping(self.stores, outages)
        admission = Admission(self.stores.runs, self.clock)
        attempting = Attempting(self.stores, admission, stopping, self.clock)
        finishing = Finishing(self.stores, self.clock)
        self.control = RunControl(self, self.stores, outages, self.clock)
        self.statuses = Statuses(self, self.stores, outages, self.clock)
        self.flaws = Flaws(self, self.stores)
        self.proofs = Proofs(self, self.stores)
        redriving = Redriving(self, self.stores)
        self.advancer = Advancer(
            self, self.stores, outages, stopping, finishing, self.clock, self.pace, redriving.take_up
        )
        self.binder = Binder(self, self.stores, outages, stopping, self.clock)
        rows, source_guard = RowCache(self, self.stores), SourceGuard(self.stores.runs)
        self.cutter = Cutter(self, self.stores, stopping, self.pace, rows, source_guard)
        self.extractor = Extractor(self, self.stores, admission, stopping, self.clock, self.pace, rows, source_guard)
        references = References(self.stores.idmaps)
        self.importer = Importer(
            self,
            self.stores,
            attempting,
            references,
            TargetGuard(self.stores.runs, self.clock),
            Descriptions(self.stores, rows),
            self.clock,
            self.pace,
        )
        guard = TargetGuard(self.stores.runs, self.clock)
        self.undoer = Undoer(self, self.stores, attempting, References(self.stores.idmaps), guard, self.clock)
        self.prover = Prover(
            self,
            self.stores,
            attempting,
            References(self.stores.idmaps),
            guard,
            Descriptions(self.stores, rows),
            self.clock,
            self.pace,
        )
        self.remover = Remover(
            self, self.stores, attempting, references, source_guard, guard, rows, self.clock, self.pace
        )
        self.others: dict[Stage, Worker] = {
            Stage.UNDO: self.undoer,
            Stage.DELETE: self.remover,
            **dict.fromkeys(PROOF, self.prover),
        }
        self.poison = Poison(self.stores, self.extractor, self.importer, self.clock, self.others)
        undoing = Undoing(self, self.stores, outages, stopping, guard, self.clock, self.pace)
        self.phases = Phases(self.stores.runs, self.advancer, self.binder, undoing)
        self.undo_requests = UndoRequests(self, self.stores, self.control, self.clock)
        self.rollbacks = Rollbacks(self.stores)
        self.explaining = Explaining(self, self.stores, Descriptions(self.stores, rows), lambda: self.unmasked)
        self.requeueing = Requeueing(self.stores, self.control)
        self.watchdog = Watchdog(
            self.stores, self.control, Locks(self.stores.runs, self.clock), stopping, self.clock, self.pace
        )

    async def starter(self, orchestrator: str, instance_id: str, payload: dict[str, object]) -> None:
        self.started.append((instance_id, payload))

    async def start(self, mode: RunMode = RunMode.FULL, entities: tuple[str, ...] = ()) -> Run:
        request = RunRequest(self.plan.name, mode, entities, options=self.options)
        return await self.control.start(request, "tester", self.starter)

    async def run(self, run_id: str) -> Run:
        run = await self.stores.runs.get(run_id)
        assert run is not None
        return run

    async def status(self, run_id: str) -> dict[str, Any]:
        return await self.statuses.of(await self.run(run_id))

    async def counts(self, run_id: str, name: str) -> dict[str, int]:
        """One count of the status, by entity."""
        return {entity: values[name] for entity, values in (await self.status(run_id))["entities"].items()}

    async def messages(self, queue: str) -> list[str]:
        return self.stores.queue.take(queue)  # type: ignore[attr-defined,no-any-return]  # the double lets tests receive

    async def deliver(self) -> int:
        """Hand every waiting message to its worker once."""
        count = 0
        for text in await self.messages(EXTRACT_QUEUE):
            await self.extractor.work(ExtractMessage.load(text))
            count += 1
        for text in await self.messages(IMPORT_QUEUE):
            await self.work(ImportMessage.load(text))
            count += 1
        return count

    async def work(self, message: ImportMessage) -> None:
        """Hand a message to the worker of its stage."""
        await self.others.get(message.key.stage, self.importer).work(message)

    async def undo(self, run_id: str, *entities: str) -> Run:
        """Ask for an undo and confirm it."""
        token = (await self.undo_requests.preview(run_id, entities)).token
        return await self.undo_requests.begin(run_id, entities, token, "tester", self.starter)

    async def tick(self, run: Run) -> Tick:
        """What one turn of the orchestration does."""
        generation = (run.run_id, run.epoch)
        bound = generation in self.bound
        tick = await self.phases.tick(*generation, bound=bound)
        if not tick.stop and not bound and await self.phases.bind(*generation):
            self.bound.add(generation)
        elif not tick.stop:
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
