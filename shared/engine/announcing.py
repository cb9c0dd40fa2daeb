"""Announcing dead letters: an attempt says on its row that it writes any, before it does.

They are written before the row is completed, so an attempt that breaks off between the two leaves letters behind. The
next one sees that it is not the first, and takes back those of records that it does not give up itself.
"""

from dataclasses import replace

from shared.model.errors import Conflict
from shared.model.ledger import PageRow, PageState
from shared.ports.stores import Ledger

_ATTEMPTS = 5


async def announced(ledger: Ledger, row: PageRow) -> PageRow:
    """The row as it is now, with one attempt more. Raises Conflict when it is done, or in other hands."""
    for _ in range(_ATTEMPTS):
        current = await ledger.get(row.key)
        if current is None or current.state is not PageState.PENDING or current.held_by not in (None, row.held_by):
            break
        try:
            return await ledger.update(replace(current, attempts=current.attempts + 1))
        except Conflict:
            continue
    raise Conflict(row.key.row)
