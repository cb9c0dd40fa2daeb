"""Announcing dead letters: an attempt says on its row that it writes any, before it does.

They are written before the row is completed, so an attempt that breaks off between the two leaves letters behind. The
next one sees that it is not the first, and takes back those of records that it does not give up itself.
"""

from dataclasses import replace

from shared.engine.pages.pending import change_pending
from shared.model.errors import Conflict
from shared.model.ledger import PageRow
from shared.ports.stores import Ledger


async def announced(ledger: Ledger, row: PageRow) -> PageRow:
    """The row as it is now, with one attempt more. Raises Conflict when it is done, or in other hands."""
    now = await change_pending(
        ledger, row.key, row.held_by, lambda current: replace(current, attempts=current.attempts + 1)
    )
    if now is None:
        raise Conflict(row.key.row)
    return now
