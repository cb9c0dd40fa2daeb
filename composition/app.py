"""The application of one worker process: built once, on the worker's event loop, at the first call that needs it."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from composition.counters import Counters
from composition.counting_ledger import CountingLedger
from composition.doctor import Doctor
from composition.gauges import Gauges
from composition.jobs import ConfiguredJobs
from composition.preview import Preview
from composition.secrets_to_revoke import secrets_to_revoke
from composition.telemetry import collecting
from composition.tracing import Tracing
from plans.loading import load_plan, plan_names
from shared.engine.archive.extracted import RowCache
from shared.engine.clock import Clock
from shared.engine.cutover.cutovers import Cutovers
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
from shared.engine.job import Pace
from shared.engine.pages.completing import PROOF
from shared.engine.pages.outlasting import Outlasting
from shared.engine.proof.proofs import Proofs
from shared.engine.proof.worker import Prover
from shared.engine.runs.admission import Admission
from shared.engine.runs.advancing import Advancer
from shared.engine.runs.attempting import Attempting
from shared.engine.runs.binding import Binder
from shared.engine.runs.control import RunControl
from shared.engine.runs.finishing import Finishing
from shared.engine.runs.flaws import Flaws
from shared.engine.runs.locking import Locks
from shared.engine.runs.outages import Outages
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
from shared.model.plan import Plan
from shared.model.run import RunState
from shared.ports.stores import Stores
from shared.ports.tracing import Collect, ignore
from shared.report.reports import Reports
from shared.settings.configuration import Configuration
from shared.settings.model import SettingsError
from shared.settings.opening import open_configuration
from shared.storage.azure.opening import closing_stores

_ARRIVED = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class App:
    """Everything that triggers and activities call."""

    plan_names: tuple[str, ...]
    stores: Stores
    control: RunControl
    statuses: Statuses
    flaws: Flaws
    proofs: Proofs
    reports: Reports
    phases: Phases
    undo_requests: UndoRequests
    rollbacks: Rollbacks
    explaining: Explaining
    cutovers: Cutovers
    cutter: Cutter
    extractor: Extractor
    importer: Importer
    workers: Mapping[Stage, Worker]
    outlasting: Outlasting
    poison: Poison
    requeueing: Requeueing
    stopping: Stopping
    watchdog: Watchdog
    doctor: Doctor
    preview: Preview
    counters: Counters
    configuration: Configuration
    tracing: Tracing
    gauges: Gauges

    def plan(self, name: str) -> Plan | None:
        """A plan by name, or None."""
        return load_plan(name).plan if name in self.plan_names else None

    async def arrived(self, plan: str) -> frozenset[str]:
        """Entities that earlier runs of a plan brought in."""
        runs = await self.stores.runs.list(plan=plan)
        arrived = (run for run in runs if run.state in _ARRIVED and run.mode.writes)
        return frozenset(name for run in arrived for name in run.entities if name not in run.undone)


def assemble(
    configuration: Configuration, stores: Stores, jobs: ConfiguredJobs, counters: Counters, collect: Collect = ignore
) -> App:
    """Wire the engine to its stores and systems."""
    clock, settings = Clock(), configuration.settings
    pace = Pace(halt_after=settings.halt_after_seconds, requeue_after=settings.requeue_after_seconds)
    outages = Outages(stores.shared, clock)
    stopping = Stopping(stores, outages)
    admission = Admission(stores.runs, clock)
    attempting = Attempting(stores, admission, stopping, clock)
    rows = RowCache(jobs, stores)
    control = RunControl(jobs, stores, outages, clock)
    source_guard, guard = SourceGuard(stores.runs), TargetGuard(stores.runs, clock)
    redriving = Redriving(jobs, stores)
    extractor = Extractor(jobs, stores, admission, stopping, clock, pace, rows, source_guard)
    references = References(stores.idmaps)
    descriptions = Descriptions(stores, rows)
    importer = Importer(jobs, stores, attempting, references, guard, descriptions, clock, pace)
    undoer = Undoer(jobs, stores, attempting, references, guard, clock)
    undoing = Undoing(jobs, stores, outages, stopping, guard, clock, pace)
    advancer = Advancer(jobs, stores, outages, stopping, Finishing(stores, clock), clock, pace, redriving.take_up)
    prover = Prover(jobs, stores, attempting, References(stores.idmaps), guard, descriptions, clock, pace)
    remover = Remover(jobs, stores, attempting, references, source_guard, guard, rows, clock, pace)
    workers: dict[Stage, Worker] = {Stage.UNDO: undoer, Stage.DELETE: remover, **dict.fromkeys(PROOF, prover)}
    statuses, flaws, proofs = Statuses(jobs, stores, outages, clock), Flaws(jobs, stores), Proofs(jobs, stores)
    cutovers = Cutovers(stores.shared, control, statuses, lambda: secrets_to_revoke(configuration.settings), clock)
    return App(
        plan_names=plan_names(),
        stores=stores,
        control=control,
        statuses=statuses,
        flaws=flaws,
        proofs=proofs,
        reports=Reports(jobs, stores, statuses, proofs, flaws, cutovers, clock),
        phases=Phases(stores.runs, advancer, Binder(jobs, stores, outages, stopping, clock), undoing),
        undo_requests=UndoRequests(jobs, stores, control, clock),
        rollbacks=Rollbacks(stores),
        explaining=Explaining(jobs, stores, descriptions, lambda: configuration.settings.show_personal_data),
        cutovers=cutovers,
        cutter=Cutter(jobs, stores, stopping, pace, rows, source_guard),
        extractor=extractor,
        importer=importer,
        outlasting=Outlasting(stores.queue),
        workers=workers,
        poison=Poison(stores, extractor, importer, clock, workers),
        requeueing=Requeueing(stores, control),
        stopping=stopping,
        watchdog=Watchdog(stores, control, Locks(stores.runs, clock), stopping, clock, pace),
        doctor=Doctor(configuration, stores, jobs, plan_names()),
        preview=Preview(configuration, stores, jobs),
        counters=counters,
        configuration=configuration,
        tracing=Tracing(stores.runs, collect),
        gauges=Gauges(stores, jobs, counters.meter),
    )


_EXPECTED_STORAGE = "expected a connection string, or AzureWebJobsStorage__accountName for an identity"

_built: asyncio.Future[App] | None = None
_life: asyncio.Task[None] | None = None


async def current() -> App:
    """The application of this process. A failed start is tried again by the next caller. Raises SettingsError."""
    global _built, _life  # noqa: PLW0603  # one application per worker process, as the SDKs' own clients
    if _built is None or (_built.done() and (_built.cancelled() or _built.exception())):
        _built = asyncio.get_running_loop().create_future()
        _life = asyncio.create_task(_live(_built))
    return await asyncio.shield(_built)


async def _live(built: asyncio.Future[App]) -> None:
    """Build the application and keep it until the event loop ends, which cancels this: then connections are closed."""
    async with AsyncExitStack() as stack:
        try:
            app = await _build(stack)
            built.set_result(app)
        except Exception as error:  # whoever asked for the application gets it
            built.set_exception(error)
            return
        await app.configuration.keep_fresh()
        await asyncio.Event().wait()


async def _build(stack: AsyncExitStack) -> App:
    configuration = await open_configuration(os.environ, stack)
    settings = configuration.settings
    counters = Counters()
    collect = await stack.enter_async_context(collecting(settings, counters))
    opening = closing_stores(
        settings.storage_connection, raw_connection=settings.raw_connection, meter=counters.storage
    )
    try:
        stores = await stack.enter_async_context(opening)
    except ValueError:  # its message may quote a connection string
        # Without a usable AzureWebJobsStorage the platform would hardly have started this process.
        name = "PORTAGE_STORAGE" if settings.raw_connection else "AzureWebJobsStorage"
        raise SettingsError({name: _EXPECTED_STORAGE}) from None
    stores = replace(stores, ledger=CountingLedger(stores.ledger, counters))
    return assemble(configuration, stores, ConfiguredJobs(configuration, stores, counters), counters, collect)
