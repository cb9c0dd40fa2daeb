"""The end of an undo: the run's state, who asked for what in its actions, and the lock given back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Watermarks
from shared.engine.runs.locking import end
from shared.engine.runs.noting import ROLLED_BACK, noted
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState
from shared.model.run import Run, RunState, Undo
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Ending:
    """Ends undos that have nothing left to do."""

    stores: Stores
    clock: Clock

    async def end(self, run: Run, undo: Undo, rows: Iterable[PageRow]) -> None:
        """A run that was undone as a whole is rolled back; else it is what it was before. Raises Conflict.

        It ended when it ended: when the undo did is told in its actions.

        What deltas went by is forgotten first: they would leave out what is not in the target any more. That is so of
        entities, too, of which something went along.
        """
        known = list(rows)
        along = (row.key.entity for row in known if row.counts.deleted or row.state is PageState.DEAD)
        await Watermarks(self.stores.shared).forget(run.plan, {*undo.entities, *along})
        counts = sum((row.counts for row in known), Counts())
        stuck = [row for row in known if row.state is PageState.DEAD]
        now = self.clock.now()
        done: JsonObject = {
            "action": ROLLED_BACK,
            "by": undo.asked_by,
            "at": now.isoformat(),
            "entities": list(undo.entities),
            "restored": counts.restored,
            "deleted": counts.deleted,
            "kept": counts.kept,
            "failed": counts.failed,
        }
        ended = replace(
            run,
            state=RunState.ROLLED_BACK if undo.whole else undo.state,
            finished_at=_instant(undo.finished_at) or (now if undo.whole else None),
            reason=None if undo.whole else undo.reason,
            message=_told(counts, stuck) if undo.whole else undo.message,
            waiting_on=None,
            waiting_since=None,
            waiting_reason=None,
            undo=None,
            undone=tuple(dict.fromkeys((*run.undone, *undo.entities))),
        )
        ended = noted(ended, done)
        if ended.state.ended:
            await end(self.stores.runs, ended)
        else:
            await self.stores.runs.replace(ended)


def _told(counts: Counts, stuck: list[PageRow]) -> str | None:
    parts = [f"{counts.kept} records were kept"] if counts.kept else []
    parts += [f"{counts.failed} records failed"] if counts.failed else []
    parts += [f"{row.key.entity}: part of it could not be done ({row.reason})" for row in stuck[:1]]
    return "; ".join(parts) or None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
