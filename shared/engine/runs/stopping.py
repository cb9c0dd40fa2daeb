"""What the engine does about errors: note an outage, block an entity, halt a run."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.engine.pauses import OUTAGE
from shared.engine.runs.outages import Outages
from shared.model.errors import Conflict, EntityStopped, PortageError, RetryLater, RunStopped, SlowDown
from shared.model.ledger import EntityRow
from shared.model.run import Run, RunState
from shared.ports.stores import Stores

_ATTEMPTS = 5
_LIMIT_PAUSE = 2.0
"""Seconds, where a limit does not say for how long it is reached."""


@dataclass(slots=True)
class Stopping:
    """Halts runs and blocks entities; both can be resumed."""

    stores: Stores
    outages: Outages

    async def absorb(self, run: Run, entity: str | None, error: PortageError) -> float:
        """React to ``error`` as its kind says; answers the seconds to wait before whatever failed is tried again."""
        if isinstance(error, RetryLater | SlowDown):
            if error.system == "storage":
                raise error  # nothing can be written down now: the message comes back by itself
            age = await self.outages.report(run.run_id, error)
            pause = OUTAGE.since(age) if isinstance(error, RetryLater) else _LIMIT_PAUSE
            return max(error.retry_after or 0.0, pause)
        if isinstance(error, EntityStopped) and entity is not None:
            await self.entity(run, entity, error)
        elif isinstance(error, EntityStopped | RunStopped):
            await self.run(run, error)
        return 0.0

    async def entity(self, run: Run, entity: str, error: PortageError) -> None:
        """The entity goes no further in this generation; the others do."""
        for _ in range(_ATTEMPTS):
            row = (await self.stores.ledger.entities(run.run_id)).get(entity, EntityRow(run.run_id, entity))
            try:
                await self.stores.ledger.put_entity(replace(row, blocked_by=error.reason.code, message=error.message))
            except Conflict:
                continue
            return

    async def run(self, run: Run, error: PortageError) -> None:
        """Halt the run with the reason; a run that no longer works stays as it is."""
        await self.halt(run.run_id, run.epoch, error.reason.code, error.message)

    async def halt(self, run_id: str, epoch: int, reason: str, message: str) -> None:
        """Halt generation ``epoch`` of a run."""
        for _ in range(_ATTEMPTS):
            current = await self.stores.runs.get(run_id)
            if current is None or not current.state.works or current.epoch != epoch:
                return
            try:
                await self.stores.runs.replace(_halted(current, reason, message, self.outages.clock.now()))
            except Conflict:
                continue
            return


def _halted(run: Run, reason: str, message: str, now: datetime) -> Run:
    return replace(
        run,
        state=RunState.HALTED,
        reason=reason,
        message=message,
        halted_at=now,
        waiting_on=None,
        waiting_since=None,
        waiting_reason=None,
    )
