"""What has to be looked up to be known: depths, ages, budgets.

The watchdog's timer measures it, which runs in one process at a time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.engine.budgets.governor import Governor
from shared.engine.job import Jobs, NotConfigured
from shared.model.errors import PortageError
from shared.model.ledger import PageKey, PageRow, PageState
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE
from shared.model.run import Run, RunState
from shared.ports.stores import Stores
from shared.telemetry.catalogue import (
    BUDGET_USED,
    CODE_EXPIRES,
    DEAD_LETTERS,
    OLDEST_PENDING,
    POISON_DEPTH,
    RUNS_HALTED,
    SINCE_PROGRESS,
)
from shared.telemetry.metering import Meter

_DAY = 86_400.0
_EVERY = 55.0
"""Seconds; the timer comes twice a minute."""

_CODES_EVERY = 1500.0
"""Seconds; the alert looks at an hour, and each time is a call to the target."""

_PATIENCE = 10.0
"""Seconds for that call. A target that is out is told of elsewhere."""


class _Jobs(Jobs, Protocol):
    def budgets(self) -> Iterable[tuple[str, str, Governor]]: ...


@dataclass(slots=True)
class Gauges:
    """Sets the gauges of ``meter``. ``clock`` and ``ticks`` are in seconds, wall time and monotonic."""

    stores: Stores
    jobs: _Jobs
    meter: Meter
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    _measured_at: float = float("-inf")
    _asked_at: float = float("-inf")
    _code_ends: dict[str, float] = field(default_factory=dict)
    _due_since: dict[PageKey, float] = field(default_factory=dict)

    async def measure(self, plans: Collection[str]) -> None:
        """Measure unless that was done a moment ago. Raises RetryLater when storage is out."""
        if self.ticks() - self._measured_at < _EVERY:
            return
        self._measured_at = self.ticks()
        self.meter.set(DEAD_LETTERS, value=await self.stores.dead_letters.count())
        for queue in (EXTRACT_QUEUE, IMPORT_QUEUE):
            self.meter.set(POISON_DEPTH, queue, value=await self.stores.queue.length(f"{queue}-poison"))
        await self._measure_halted(plans)
        await self._measure_runs()
        await self._measure_budgets()
        if self.ticks() - self._asked_at >= _CODES_EVERY:
            self._asked_at = self.ticks()
            for plan in plans:
                await self._ask_target(plan)
        for plan, instant in self._code_ends.items():
            self.meter.set(CODE_EXPIRES, plan, value=(instant - self.clock()) / _DAY)

    async def _measure_halted(self, plans: Collection[str]) -> None:
        halted = Counter(run.plan for run in await self.stores.runs.list(state=RunState.HALTED.value))
        for plan in plans:
            self.meter.set(RUNS_HALTED, plan, value=halted[plan])

    async def _measure_runs(self) -> None:
        now = self.clock()
        due: dict[PageKey, float] = {}
        for state in (RunState.QUEUED, RunState.RUNNING):
            for run in await self.stores.runs.list(state=state.value):
                self._open_budgets(run.plan)
                rows = await self.stores.ledger.scan(run.run_id)
                seen = {row.key: self._due_since.get(row.key, now) for row in rows if _is_due(row)}
                due |= seen
                self.meter.set(OLDEST_PENDING, run.plan, value=now - min(seen.values(), default=now))
                self.meter.set(SINCE_PROGRESS, run.plan, value=max(0.0, now - _moved_at(run, rows)))
        self._due_since = due

    def _open_budgets(self, plan: str) -> None:
        """This process may have drawn from none so far."""
        try:
            self.jobs.of(plan)
        except (KeyError, NotConfigured):
            return

    async def _measure_budgets(self) -> None:
        for system, name, governor in self.jobs.budgets():
            try:
                self.meter.set(BUDGET_USED, system, name, value=await governor.used())
            except PortageError:
                return

    async def _ask_target(self, plan: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await self.jobs.of(plan).target.capabilities()
        except (KeyError, NotConfigured, PortageError, TimeoutError):
            return
        self._code_ends.pop(plan, None)
        if told.code_expires_at is not None:
            self._code_ends[plan] = told.code_expires_at


def _is_due(row: PageRow) -> bool:
    """Whether somebody was woken up for a row. What still waits for its turn is no sign of trouble."""
    woken = row.enqueued_at is not None or row.not_before > 0 or row.held_by is not None
    return row.state is PageState.PENDING and woken


def _moved_at(run: Run, rows: Iterable[PageRow]) -> float:
    """When a run last completed something, or a person set it going."""
    instants = [row.completed_at for row in rows if row.completed_at is not None]
    acted = [datetime.fromisoformat(str(action["at"])).timestamp() for action in run.actions]
    return max([run.started_at.timestamp(), *instants, *acted])
