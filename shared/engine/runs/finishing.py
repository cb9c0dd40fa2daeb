"""The end of a run: its verdict, and the lock given back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Brought, Watermarks, moving_on
from shared.engine.runs.concluding import conclusion
from shared.engine.runs.following import sign, withdraw
from shared.engine.runs.locking import end
from shared.engine.runs.missing import Part
from shared.engine.runs.progress import EntityProgress
from shared.engine.runs.verdicts import proven_entities, read_back, wrong
from shared.model.ledger import PageState
from shared.model.plan import Plan
from shared.model.run import Run
from shared.ports.stores import Stores


@dataclass(slots=True)
class Finishing:
    """Ends runs that have nothing left to do."""

    stores: Stores
    clock: Clock

    async def finish(self, run: Run, progress: Iterable[EntityProgress], plan: Plan) -> None:
        """Write the final state, and what the next run may build on."""
        entities = list(progress)
        told = conclusion(run, plan, entities)
        await self._advance(run, entities, plan)
        await self._vouch(run, plan, entities)
        await end(
            self.stores.runs,
            replace(
                run,
                state=told.state,
                finished_at=self.clock.now(),
                waiting_on=None,
                waiting_since=None,
                waiting_reason=None,
                reason=told.reason,
                message=told.message,
            ),
        )

    async def _vouch(self, run: Run, plan: Plan, entities: Sequence[EntityProgress]) -> None:
        """A run signs if every slice was read back and is as it should be; a delta that had none vouches for none.

        One that only looks takes the signature away if it finds something wrong, and gives none.
        """
        idmap = self.stores.idmaps.of(run.plan)
        looked = proven_entities(run, plan, {one.name: one for one in entities}).values()
        unread = run.mode.writes and not all(read_back(run, one) for one in looked)
        if unread or any(wrong(one.proven) for one in looked):
            await withdraw(idmap, self.clock.now())
        elif run.mode.writes:
            await sign(idmap, run, self.clock.now(), entities)

    async def _advance(self, run: Run, entities: Iterable[EntityProgress], plan: Plan) -> None:
        """What came in whole, and was not undone since, need not be read again before it changes.

        A run that was told to read from a later moment on than the watermark leaves a gap before it. What was to be
        made again by a new recipe, and was not, is noted under the old one, so that the next delta sees to it.
        """
        if not run.mode.writes or run.source_time is None:
            return
        marks = Watermarks(self.stores.shared)
        known = {one.name: await marks.of(plan.name, one.name) for one in entities}
        brought, stuck, recipes = dict[str, Brought](), list[str](), dict[str, str | None](plan.recipes)
        for one in entities:
            whole, mark = one.name not in run.reads_since, known[one.name]
            gap = not whole and mark is not None and run.since is not None and run.since > mark.at
            if one.safely_in and one.name not in run.undone and not gap:
                brought[one.name] = Brought(whole, bool(one.counts.extracted))
            elif mark is not None:
                stuck.append(one.name)
            if one.name in run.remade and mark is not None and not _made_again(one):
                recipes[one.name] = mark.recipe
        made_by = replace(plan, recipes={name: recipe for name, recipe in recipes.items() if recipe is not None})
        await marks.advance(made_by, run.run_id, run.source_time, run.source_ahead, moving_on(plan, brought, stuck))


def _made_again(entity: EntityProgress) -> bool:
    """Whether all that was there before was looked through for it."""
    rows = entity.steps(Part.LOOSEN)
    return bool(rows) and all(row.state is PageState.DONE for row in rows)
