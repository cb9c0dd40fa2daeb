"""What an undo left, and what went unasked: record by record, with the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.engine.runs.undone import of_last_undo
from shared.engine.undo.outcomes import HINTS, load
from shared.engine.undo.rows import Step, step_of
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.reasons import REASONS
from shared.model.run import Run
from shared.ports.stores import Stores

_LEFT = ("kept", "failed")


@dataclass(frozen=True, slots=True)
class Told:
    """One record that an undo kept, failed on, or deleted along with others.

    ``source_id`` is None where a whole part of an entity could not be done. ``place`` is its number in the list.
    """

    place: int
    entity: str
    source_id: str | None
    outcome: str
    reason: str | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class Rollbacks:
    """Answers questions about the last undo of a run, be it under way."""

    stores: Stores

    async def page(self, run: Run, size: int, after: int = 0) -> tuple[list[Told], int | None]:
        """Up to ``size`` records behind the place ``after``, and the place to go on from; None at the end."""
        found: list[Told] = []
        number = 0
        for row in of_last_undo(run, await self.stores.ledger.scan(run.run_id, stage=Stage.UNDO)):
            count = _told(row)
            if number + count > after:
                found += [one for one in await self._of(row, number) if one.place > after]
            number += count
            if len(found) > size:
                return found[:size], found[size - 1].place
        return found, None

    async def _of(self, row: PageRow, before: int) -> Sequence[Told]:
        if row.state is PageState.DEAD:
            reason = REASONS.get(row.reason or "")
            return [Told(before + 1, row.key.entity, None, "failed", row.reason, reason.hint if reason else None)]
        items = load(await self.stores.archive.get(row.receipts or ""))
        left = [item for item in items if item.outcome in _LEFT or step_of(row) is Step.FOLLOW]
        return [
            Told(number, row.key.entity, item.source_id, item.outcome, item.reason, HINTS.get(item.reason or ""))
            for number, item in enumerate(left, start=before + 1)
        ]


def _told(row: PageRow) -> int:
    """How many records are told of a row."""
    if row.state is PageState.DEAD:
        return 1
    counts = row.counts
    return counts.kept + counts.failed + (counts.deleted if step_of(row) is Step.FOLLOW else 0)
