"""The end of a run: its verdict, and the lock given back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Brought, Watermarks, moving_on
from shared.engine.runs.following import sign, withdraw
from shared.engine.runs.progress import EntityProgress
from shared.model.ledger import EntityRow, PageState
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
        """What came in whole, and was not undone since, need not be read again before it changes.

        A run that was told to read from a later moment on than the watermark leaves a gap before it.
        """
        if not run.mode.writes or run.source_time is None:
            return
        marks = Watermarks(self.stores.shared)
        known = {one.name: await marks.of(plan.name, one.name) for one in entities}
        brought, stuck = dict[str, Brought](), []
        for one in entities:
            whole, mark = one.name not in run.reads_since, known[one.name]
            gap = not whole and mark is not None and run.since is not None and run.since > mark.at
            if one.safely_in and one.name not in run.undone and not gap:
                brought[one.name] = Brought(whole, bool(one.counts.extracted))
            elif mark is not None:
                stuck.append(one.name)
        await marks.advance(plan.name, run.run_id, run.source_time, moving_on(plan, brought, stuck))


def _told(row: EntityRow) -> str:
    what = row.message if row.blocked_by else f"incomplete, for it follows what could not be read: {row.incomplete}"
    return f"{row.entity}: {what}"


def _stayed(entities: Sequence[EntityProgress]) -> tuple[str, str] | None:
    """Why records may stay at the target that should be deleted there, and which."""
    for one in entities:
        if dead := next((row for row in one.missing if row.state is PageState.DEAD), None):
            message = f"{one.name}: what the source has no more could not be seen to"
            return dead.reason or "page.crashed_worker", message
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
