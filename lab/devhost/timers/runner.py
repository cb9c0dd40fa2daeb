"""Timer triggers. They run in the owner only; their last and next times are kept in the storage account."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient
from azure.functions import meta

from lab.devhost.errors import FunctionLoadError, StartError
from lab.devhost.functions import IndexedFunction
from lab.devhost.invocation import InvocationError
from lab.devhost.settings import expand
from lab.devhost.timers.ncrontab import Schedule, ScheduleError, parse_schedule

log = logging.getLogger(__name__)

_PARTITION = "timer"
_MONITORED_FROM = timedelta(minutes=1)

Call = Callable[[IndexedFunction, meta.Datum], Awaitable[object]]


class TimerRunner:
    """Runs one timer function: never twice at once, late occurrences merged into one call marked past due."""

    def __init__(self, function: IndexedFunction, table: TableClient, call: Call) -> None:
        self._function = function
        self._table = table
        self._call = call
        self._schedule = _schedule(function)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._is_calling = False

    def start(self) -> None:
        """Begin to wait for the next occurrence."""
        self._stopping = False
        self._task = asyncio.create_task(self._run())

    async def stop(self, grace_seconds: float) -> None:
        """Give a running call the grace period, then cancel it."""
        self._stopping = True
        if self._task is None:
            return
        if self._is_calling:
            await asyncio.wait([self._task], timeout=grace_seconds)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def fire(self, *, past_due: bool = False) -> None:
        """Call the function now; raises `InvocationError` when it fails."""
        last = await self._stored()
        data = {
            "IsPastDue": past_due,
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {key: last.get(key) for key in ("Last", "Next", "LastUpdated")},
        }
        await self._call(self._function, meta.Datum(type="json", value=json.dumps(data)))

    async def _run(self) -> None:
        stored = (await self._stored()).get("Next") if self._is_monitored() else None
        if stored and datetime.fromisoformat(stored) < _now():
            await self._occur(past_due=True)
        elif self._function.trigger.properties.get("runOnStartup"):
            await self._occur(past_due=False)
        while not self._stopping:
            due = self._schedule.after(_now())
            await self._store({"Next": due.isoformat()})
            while (left := (due - _now()).total_seconds()) > 0:
                await asyncio.sleep(left)
            await self._occur(past_due=False)

    async def _occur(self, *, past_due: bool) -> None:
        self._is_calling = True
        try:
            await self.fire(past_due=past_due)
        except InvocationError as error:
            error.log(self._function.name)
        finally:
            self._is_calling = False
        await self._store({"Last": _now().isoformat()})

    def _is_monitored(self) -> bool:
        """Schedules closer than a minute are not monitored, as in Azure."""
        wanted = self._function.trigger.properties.get("useMonitor")
        first = self._schedule.after(_now())
        return wanted is not False and self._schedule.after(first) - first >= _MONITORED_FROM

    async def _stored(self) -> dict[str, Any]:
        try:
            return dict(await self._table.get_entity(_PARTITION, self._function.name))
        except ResourceNotFoundError:
            return {}
        except AzureError:
            log.warning("the status of the timer %s cannot be read", self._function.name)
            return {}

    async def _store(self, values: dict[str, str]) -> None:
        if not self._is_monitored():
            return
        row = {"PartitionKey": _PARTITION, "RowKey": self._function.name, "LastUpdated": _now().isoformat(), **values}
        try:
            await self._table.upsert_entity(row, mode=UpdateMode.MERGE)
        except AzureError:
            log.warning("the status of the timer %s cannot be written", self._function.name)


def _schedule(function: IndexedFunction) -> Schedule:
    try:
        return parse_schedule(expand(str(function.trigger.properties["schedule"])))
    except (ScheduleError, StartError) as error:
        raise FunctionLoadError(function.name, str(error)) from error


def _now() -> datetime:
    return datetime.now(UTC)
