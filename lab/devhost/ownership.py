"""The owner of orchestrations and timers: one process at a time, by a short lease in the storage account.

The lease is a table row with an expiry, written under its etag. Blob leases cannot be shorter than 15 seconds, and the
processes that share a development storage run on one machine, so they agree on the time. A process that stalls longer
than its lease can still not commit an orchestration: every commit is fenced by the state row's own etag.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

_PARTITION, _ROW = "lease", "owner"


class Ownership:
    """Tries to become and to stay the owner; tells the host when that changes."""

    def __init__(
        self,
        table: TableClient,
        lease_seconds: float,
        *,
        gained: Callable[[], Awaitable[None]],
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        self._table = table
        self._lease_seconds = lease_seconds
        self._gained = gained
        self._lost = lost
        self._id = uuid.uuid4().hex
        self._etag = ""
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._taking_up: asyncio.Task[None] | None = None
        self.is_owner = False

    async def start(self) -> None:
        """Try at once, and take up what there is; then keep trying or renewing in the background."""
        await self._step()
        self._task = asyncio.create_task(self._keep())
        if self._taking_up is not None:
            await asyncio.wait([self._taking_up])

    async def stop(self) -> None:
        """Stop renewing and give the lease back, so that another process can take over at once."""
        for task in (self._task, self._taking_up):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self.is_owner:
            self.is_owner = False
            try:
                await self._write(until=0.0)
            except AzureError:
                log.warning("the owner lease could not be given back; it runs out by itself")

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._step()
            except AzureError as error:
                log.warning("the owner lease cannot be reached: %s", error)
                if self.is_owner and time.time() > self._until:
                    await self._resign()

    async def _step(self) -> None:
        if self.is_owner:
            if not await self._take():
                await self._resign()
        elif await self._is_free() and await self._take():
            self.is_owner = True
            log.info("this process now owns orchestrations and timers")
            # In the background: reading many instances must not keep us from renewing.
            self._taking_up = asyncio.create_task(self._take_up())

    async def _take_up(self) -> None:
        try:
            await self._gained()
        except Exception:
            log.exception("the orchestrations could not be taken up")
            await self._resign()

    async def _resign(self) -> None:
        self.is_owner = False
        log.warning("this process lost the ownership of orchestrations and timers")
        if self._taking_up is not None and self._taking_up is not asyncio.current_task():
            self._taking_up.cancel()
            await asyncio.gather(self._taking_up, return_exceptions=True)
        await self._lost()

    async def _is_free(self) -> bool:
        try:
            row = await self._table.get_entity(_PARTITION, _ROW)
        except ResourceNotFoundError:
            self._etag = ""
            return True
        self._etag = str(row.metadata["etag"])
        return float(row["Until"]) < time.time()

    async def _take(self) -> bool:
        try:
            await self._write(until=time.time() + self._lease_seconds)
        except ResourceExistsError:
            return False
        except HttpResponseError as error:
            if error.status_code in {404, 409, 412}:
                return False
            raise
        return True

    async def _write(self, until: float) -> None:
        row = {"PartitionKey": _PARTITION, "RowKey": _ROW, "Owner": self._id, "Until": until}
        if self._etag:
            answer = await self._table.update_entity(
                row, mode=UpdateMode.REPLACE, etag=self._etag, match_condition=MatchConditions.IfNotModified
            )
        else:
            answer = await self._table.create_entity(row)
        self._etag, self._until = answer["etag"], until
