"""The application of one worker process: built once, on the worker's event loop, at the first call that needs it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from composition.counters import Counters
from composition.doctor import Doctor
from composition.jobs import ConfiguredJobs
from composition.preview import Preview
from plans.loading import load_plan, plan_names
from shared.engine.archive.extracted import RowCache
from shared.engine.clock import Clock
from shared.engine.dead_letters.poison import Poison
from shared.engine.extraction.cutting import Cutter
from shared.engine.extraction.worker import Extractor
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import References
from shared.engine.importing.worker import Importer
from shared.engine.job import Jobs, Pace
from shared.engine.pages.outlasting import Outlasting
from shared.engine.runs.admission import Admission
from shared.engine.runs.advancing import Advancer
from shared.engine.runs.binding import Binder
from shared.engine.runs.control import RunControl
from shared.engine.runs.finishing import Finishing
from shared.engine.runs.flaws import Flaws
from shared.engine.runs.outages import Outages
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.status import Statuses
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.engine.runs.watching import Watchdog
from shared.model.plan import Plan
from shared.model.run import RunState
from shared.ports.stores import Stores
from shared.settings.model import Settings, SettingsError, load
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
    advancer: Advancer
    binder: Binder
    cutter: Cutter
    extractor: Extractor
    importer: Importer
    outlasting: Outlasting
    poison: Poison
    stopping: Stopping
    watchdog: Watchdog
    doctor: Doctor
    preview: Preview
    counters: Counters

    def plan(self, name: str) -> Plan | None:
        """A plan by name, or None."""
        return load_plan(name).plan if name in self.plan_names else None

    async def arrived(self, plan: str) -> frozenset[str]:
        """Entities that earlier runs of a plan brought in."""
        runs = await self.stores.runs.list(plan=plan)
        return frozenset(name for run in runs if run.state in _ARRIVED and run.mode.writes for name in run.entities)


def assemble(settings: Settings, stores: Stores, jobs: Jobs, counters: Counters) -> App:
    """Wire the engine to its stores and systems."""
    clock = Clock()
    pace = Pace(halt_after=settings.halt_after_seconds, requeue_after=settings.requeue_after_seconds)
    outages = Outages(stores.shared, clock)
    stopping = Stopping(stores, outages)
    admission = Admission(stores.runs, clock)
    rows = RowCache(jobs, stores)
    control = RunControl(jobs, stores, outages, clock)
    source_guard, guard = SourceGuard(stores.runs), TargetGuard(stores.runs, clock)
    extractor = Extractor(jobs, stores, admission, stopping, clock, pace, rows, source_guard)
    references = References(stores.idmaps)
    descriptions = Descriptions(stores, rows)
    importer = Importer(jobs, stores, admission, stopping, references, guard, descriptions, clock, pace)
    return App(
        plan_names=plan_names(),
        stores=stores,
        control=control,
        statuses=Statuses(jobs, stores, outages, clock),
        flaws=Flaws(jobs, stores),
        advancer=Advancer(jobs, stores, outages, stopping, Finishing(stores, clock), clock, pace),
        binder=Binder(jobs, stores, outages, stopping, clock),
        cutter=Cutter(jobs, stores, stopping, pace, rows, source_guard),
        extractor=extractor,
        importer=importer,
        outlasting=Outlasting(stores.queue),
        poison=Poison(stores, extractor, importer, clock),
        stopping=stopping,
        watchdog=Watchdog(stores, control),
        doctor=Doctor(settings, stores, jobs, plan_names()),
        preview=Preview(settings, stores, jobs),
        counters=counters,
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
            built.set_result(await _build(stack))
        except Exception as error:  # whoever asked for the application gets it
            built.set_exception(error)
            return
        await asyncio.Event().wait()


async def _build(stack: AsyncExitStack) -> App:
    settings = load()
    counters = Counters()
    opening = closing_stores(
        settings.storage_connection, raw_connection=settings.raw_connection, meter=counters.storage
    )
    try:
        stores = await stack.enter_async_context(opening)
    except ValueError:  # its message may quote a connection string
        # Without a usable AzureWebJobsStorage the platform would hardly have started this process.
        name = "PORTAGE_STORAGE" if settings.raw_connection else "AzureWebJobsStorage"
        raise SettingsError({name: _EXPECTED_STORAGE}) from None
    return assemble(settings, stores, ConfiguredJobs(settings, stores, counters), counters)
