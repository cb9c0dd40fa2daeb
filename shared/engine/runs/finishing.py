"""The end of a run: its verdict, and the lock given back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.runs.following import sign
from shared.engine.runs.progress import EntityProgress
from shared.model.ledger import EntityRow
from shared.model.run import Run, RunState
from shared.ports.stores import Stores


@dataclass(slots=True)
class Finishing:
    """Ends runs that have nothing left to do."""

    stores: Stores
    clock: Clock

    async def finish(self, run: Run, progress: Iterable[EntityProgress], *, whole_plan: bool) -> None:
        """Write the final state; ``failed`` when every entity is blocked.

        An entity that the source does not offer is shown as such, and is no error unless it was asked for by name.
        """
        entities = list(progress)
        blocked = [entity for entity in entities if entity.blocked and not (whole_plan and _not_offered(entity))]
        incomplete = [entity for entity in entities if entity.row.incomplete]
        state = RunState.COMPLETED
        if blocked or incomplete or any(entity.counts.dead_lettered for entity in entities):
            state = RunState.COMPLETED_WITH_ERRORS
        if all(entity.blocked for entity in entities):
            state, blocked = RunState.FAILED, entities
        if run.mode.writes:
            await sign(self.stores.idmaps.of(run.plan), run, self.clock.now(), entities)
        first = next((entity.row for entity in (*blocked, *incomplete)), None)
        await self.stores.runs.replace(
            replace(
                run,
                state=state,
                finished_at=self.clock.now(),
                waiting_on=None,
                waiting_since=None,
                waiting_reason=None,
                reason=first.blocked_by if first else None,
                message=_told(first) if first else None,
            )
        )
        await self.stores.runs.unlock(run.plan, run.run_id)


def _told(row: EntityRow) -> str:
    what = row.message if row.blocked_by else f"incomplete, for it follows what could not be read: {row.incomplete}"
    return f"{row.entity}: {what}"


def _not_offered(entity: EntityProgress) -> bool:
    return entity.row.blocked_by == "source.method_missing" and not entity.pages
