"""Changing a row that is still to be worked on, whoever else writes to it meanwhile."""

from collections.abc import Callable

from shared.model.errors import Conflict
from shared.model.ledger import PageKey, PageRow, PageState
from shared.ports.stores import Ledger

_ATTEMPTS = 8


async def change_pending(
    ledger: Ledger, key: PageKey, holder: str | None, change: Callable[[PageRow], PageRow]
) -> PageRow | None:
    """The row as ``change`` makes it; None, and nothing is written, when it is done or held by others than ``holder``.

    A lost race is run again; a store that keeps changing wins in the end, which is None as well.
    """
    for _ in range(_ATTEMPTS):
        row = await ledger.get(key)
        if row is None or row.state is not PageState.PENDING or row.held_by not in (None, holder):
            return None
        try:
            return await ledger.update(change(row))
        except Conflict:
            continue
    return None
