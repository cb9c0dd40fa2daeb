"""Poisoned messages: a page or slice that crashed its worker each time becomes a dead letter, and the run goes on."""

from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.completing import complete
from shared.engine.outcome import fingerprint
from shared.engine.rows import load_slice
from shared.model.errors import Conflict
from shared.model.ledger import Counts, PageRow, PageState
from shared.model.messages import ExtractMessage, ImportMessage
from shared.model.records import DeadLetter
from shared.ports.stores import Stores

_REASON = "page.crashed_worker"


@dataclass(slots=True)
class Poison:
    """Gives up what cannot be worked on."""

    stores: Stores
    clock: Clock

    async def page(self, message: ExtractMessage) -> None:
        """Give up the rest of a range: what lies behind an unreadable page cannot be reached either."""
        row = await self.stores.ledger.pending_page(message.run_id, message.entity, message.range_no)
        if row is not None and await self._current(message.run_id, message.epoch):
            await self._give_up(row, [f"range-{row.key.range_no}-page-{row.key.seq}"])

    async def slice(self, message: ImportMessage) -> None:
        """Give up the records of a slice."""
        row = await self.stores.ledger.get(message.key)
        if row is None or row.state is not PageState.PENDING or not await self._current(message.run_id, message.epoch):
            return
        records = load_slice(await self.stores.archive.get(row.blob or ""), row.cursor or {})
        await self._give_up(row, [record.id for record in records])

    async def _current(self, run_id: str, epoch: int) -> bool:
        run = await self.stores.runs.get(run_id)
        return run is not None and run.epoch == epoch

    async def _give_up(self, row: PageRow, source_ids: list[str]) -> None:
        key, message = row.key, "the worker crashed on this page each time"
        cause = fingerprint(key.entity, _REASON, None, message)
        await self.stores.dead_letters.add(
            [
                DeadLetter(key.run_id, key.entity, source_id, _REASON, message, row.attempts + 1, row.raw_blob, cause)
                for source_id in source_ids
            ]
        )
        counts = Counts(dead_lettered=len(source_ids))  # nobody judged the records: the failure rate leaves them out
        dead = replace(row, state=PageState.DEAD, counts=counts, reason=_REASON, completed_at=self.clock.seconds())
        try:
            await complete(self.stores.ledger, dead)
        except Conflict:
            return  # a worker got through after all
