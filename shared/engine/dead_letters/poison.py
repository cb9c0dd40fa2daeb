"""Poisoned messages: a page or slice that crashes its worker each time becomes a dead letter, and the run goes on.

The first poisoned message of a row buys it one retry of its own, since others that were in hand when the worker died
share its fate without fault. When that kills the worker too, the message comes back and the row is given up. A retry
that ends otherwise (storage was out, the run was paused, the target refused calls) proves nothing against the row: it
does not count.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from shared.engine.clock import Clock
from shared.engine.extraction.worker import Extractor
from shared.engine.importing.worker import Importer
from shared.engine.pages.completing import give_up
from shared.model.errors import Conflict, PortageError, RetryLater
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.messages import ExtractMessage, ImportMessage
from shared.ports.stores import Stores

_REASON = "page.crashed_worker"

_ATTEMPTS = 48
_PAUSE_SECONDS = 5.0
"""Together 4 minutes, below the time for which a worker may work: as long as that, storage may be out."""

_LOG = logging.getLogger("portage.poison")


class Worker(Protocol):
    """Works on rows of a stage whose loss is no record's."""

    async def work(self, message: ImportMessage) -> None:
        """Handle one message."""

    async def give_up(self, row: PageRow, reason: str) -> None:
        """Go on without the row."""


@dataclass(slots=True)
class Poison:
    """Gives poisoned rows their last chance, then gives them up. ``others`` work on stages that are not imports."""

    stores: Stores
    extractor: Extractor
    importer: Importer
    clock: Clock
    others: Mapping[Stage, Worker] = field(default_factory=dict)
    pause: float = _PAUSE_SECONDS

    async def page(self, message: ExtractMessage) -> None:
        """Give up the rest of a range: what lies behind an unreadable page cannot be reached either."""
        row = await self.stores.ledger.pending_page(message.run_id, message.entity, message.range_no)
        if row is None or not await self._current(message.run_id, message.epoch):
            return
        if not await self._last_chance(row, lambda: self.extractor.work(message)):
            await self._give_up(row, None)

    async def slice(self, message: ImportMessage) -> None:
        """Give up those records of a slice that did not go in, or go on without a row of another stage."""
        row = await self.stores.ledger.get(message.key)
        if row is None or row.state is not PageState.PENDING or not await self._current(message.run_id, message.epoch):
            return
        other = self.others.get(row.key.stage)
        if other is not None:
            if not await self._last_chance(row, lambda: other.work(message)):
                await other.give_up(row, _REASON)
        elif not await self._last_chance(row, lambda: self.importer.work(message)):
            left = await self.importer.left_of(row)
            if left == []:
                await self.importer.close(row)
            else:
                await self._give_up(row, left)

    async def _last_chance(self, row: PageRow, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether the row was worked on alone without a crash. Not a second time."""
        if row.solo:
            return False
        try:
            await self.stores.ledger.update(replace(row, solo=True))
        except Conflict:
            return True  # somebody is working on it
        try:
            await work()
        except (PortageError, asyncio.CancelledError):
            await self._give_back(row)
            raise  # storage is out, or the process ends: the message comes back
        except Exception:
            _LOG.exception("%s %s crashed again, alone", row.key.partition, row.key.row)
            return False
        await self._give_back(row)
        return True

    async def _give_back(self, row: PageRow) -> None:
        """Let a row that is still to be worked on have its chance again, whoever holds it.

        Raises RetryLater when storage stays out: then nobody can tell this from a crash any more.
        """
        for left in reversed(range(_ATTEMPTS)):
            try:
                now = await self.stores.ledger.get(row.key)
                if now is not None and now.solo and now.state is PageState.PENDING:
                    await self.stores.ledger.update(replace(now, solo=False))
            except (Conflict, RetryLater) as error:
                if not left and isinstance(error, RetryLater):
                    raise
                await asyncio.sleep(self.pause)
            else:
                return

    async def _current(self, run_id: str, epoch: int) -> bool:
        run = await self.stores.runs.get(run_id)
        return run is not None and run.state.works and run.epoch == epoch

    async def _give_up(self, row: PageRow, source_ids: list[str] | None) -> None:
        message, at = "the worker crashed on this page each time", self.clock.seconds()
        await give_up(self.stores, row, _REASON, message, at=at, source_ids=source_ids)
