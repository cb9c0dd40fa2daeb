"""The end of a run: its verdict, and the lock given back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Brought, Watermarks, moving_on
from shared.engine.runs.following import sign, withdraw
from shared.engine.runs.progress import EntityProgress
from shared.model.ledger import EntityRow
from shared.model.plan import Plan
from shared.model.run import Run, RunMode, RunState
from shared.ports.stores import Stores


@dataclass(slots=True)
class Finishing:
    """Ends runs that have nothing left to do."""

    stores: Stores
    clock: Clock

    async def finish(self, run: Run, progress: Iterable[EntityProgress], plan: Plan) -> None:
        """Write the final state; ``failed`` when every entity is blocked.

        An entity that the source does not offer is shown as such, and is no error unless it was asked for by name.
        """
        entities, whole_plan = list(progress), run.entities == plan.names
        blocked = [entity for entity in entities if entity.blocked and not (whole_plan and _not_offered(entity))]
        incomplete = [entity for entity in entities if entity.row.incomplete]
        state = RunState.COMPLETED
        refuted = None if run.mode is RunMode.DRY_RUN else _refuted(entities)
        stayed = _stayed(entities)
        if blocked or incomplete or refuted or stayed or any(entity.counts.dead_lettered for entity in entities):
            state = RunState.COMPLETED_WITH_ERRORS
        if all(entity.blocked for entity in entities):
            state, blocked = RunState.FAILED, entities
        await self._advance(run, entities, plan)
        if refuted:
            await withdraw(self.stores.idmaps.of(run.plan), self.clock.now())
        elif run.mode.writes:
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
                reason=first.blocked_by if first else stayed[0] if stayed else "proof.differs" if refuted else None,
                message=_told(first) if first else stayed[1] if stayed else refuted,
            )
        )
        await self.stores.runs.unlock(run.plan, run.run_id)

    async def _advance(self, run: Run, entities: Iterable[EntityProgress], plan: Plan) -> None:
        """What came in whole need not be read again before it changes."""
        if not run.mode.writes or run.source_time is None:
            return
        marks = Watermarks(self.stores.shared)
        whole = {one.name: one.name not in run.reads_since for one in entities}
        brought = {one.name: Brought(whole[one.name], bool(one.counts.extracted)) for one in entities if one.safely_in}
        stuck = [name for name in whole if name not in brought and await marks.of(plan.name, name) is not None]
        await marks.advance(plan.name, run.run_id, run.source_time, moving_on(plan, brought, stuck))


def _told(row: EntityRow) -> str:
    what = row.message if row.blocked_by else f"incomplete, for it follows what could not be read: {row.incomplete}"
    return f"{row.entity}: {what}"


def _stayed(entities: Iterable[EntityProgress]) -> tuple[str, str] | None:
    """Why records stay at the target that should be deleted there, and which."""
    counts = {one.name: one.no_longer for one in entities}
    held = [f"{count.held} of {count.known} {name}" for name, count in counts.items() if count.held]
    if held:
        return "deletes.braked", f"too many to be believed: {', '.join(held)}"
    kept = [f"{count.kept} {name}" for name, count in counts.items() if count.kept]
    return ("deletes.refused", f"the target keeps {', '.join(kept)}") if kept else None


def _refuted(entities: Iterable[EntityProgress]) -> str | None:
    """Where the target is not as it should be, in words; what others put there does not count."""
    found = []
    for entity in entities:
        proof = entity.proven
        parts = [
            f"{count} {words}"
            for words, count in (
                ("missing", proof.missing),
                ("that differ", proof.differing),
                ("links to nothing", proof.orphaned),
            )
            if count
        ]
        if parts:
            found.append(f"{entity.name}: {', '.join(parts)}")
    return f"The target is not as it should be: {'; '.join(found)}" if found else None


def _not_offered(entity: EntityProgress) -> bool:
    return entity.row.blocked_by == "source.method_missing" and not entity.pages
