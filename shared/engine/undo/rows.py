"""Rows of the ledger that an undo is made of.

Two passes go over what the target has of the run, page by page; then the id map follows, page by page, too. Rows are
told apart by the number of the undo, which stands where others have their range, and by the step, where others have the
number of a slice.
"""

from dataclasses import replace
from enum import IntEnum

from shared.model.ledger import PageKey, PageRow, Stage
from shared.model.records import UndoPhase
from shared.model.run import Run


class Step(IntEnum):
    """What a row is for."""

    RESTORE = 0
    DELETE = 1
    FOLLOW = 2

    @property
    def phase(self) -> UndoPhase | None:
        """The pass over the target that it is, if it is one."""
        return {Step.RESTORE: UndoPhase.RESTORE, Step.DELETE: UndoPhase.DELETE}.get(self)


def first_page(run: Run, entity: str, step: Step) -> PageRow:
    """Where a step of an entity begins."""
    return PageRow(PageKey(run.run_id, entity, run.undos, Stage.UNDO, 0, step), cursor={"after": ""})


def next_page(row: PageRow, after: str) -> PageRow:
    """Where it goes on."""
    return PageRow(replace(row.key, seq=row.key.seq + 1), cursor={"after": after})


def step_of(row: PageRow) -> Step:
    """What the row is for."""
    return Step(row.key.part)
