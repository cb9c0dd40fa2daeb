"""Announcing dead letters: an attempt says on its row that it writes any, before it does.

They are written before the row is completed, so an attempt that breaks off between the two leaves letters behind. The
next one sees that it is not the first, and takes back those of records that it does not give up itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from shared.engine.pages.pending import change_pending
from shared.model.errors import Conflict
from shared.model.ledger import PageRow
from shared.ports.stores import Ledger


async def made_up_by(ledger: Ledger, row: PageRow, entity: str, source_ids: Sequence[str]) -> PageRow:
    """The row with a note of whom it is about to make up: an attempt that breaks off cannot tell any more whom it did.

    Raises Conflict when it is done, or in other hands.
    """
    ids = sorted({*row.making_up.get(entity, ()), *source_ids})
    now = await change_pending(
        ledger, row.key, row.held_by, lambda current: replace(current, making_up={**current.making_up, entity: ids})
    )
    if now is None:
        raise Conflict(row.key.row)
    return now


async def announced(ledger: Ledger, row: PageRow) -> PageRow:
    """The row as it is now, with one attempt more. Raises Conflict when it is done, or in other hands."""
    now = await change_pending(
        ledger, row.key, row.held_by, lambda current: replace(current, attempts=current.attempts + 1)
    )
    if now is None:
        raise Conflict(row.key.row)
    return now
