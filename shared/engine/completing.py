"""Completing a page or slice: the one conditional write that makes its work count."""

from collections.abc import Sequence
from dataclasses import replace

from shared.model.errors import Conflict
from shared.model.ledger import PageRow, PageState
from shared.ports.stores import Ledger

_ATTEMPTS = 5


async def complete(ledger: Ledger, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
    """Commit ``done`` with what follows from it. Raises Conflict when another worker completed it first.

    A row that merely got a new wake-up meanwhile is still pending: then the write is tried with its current etag. One
    that is done with our own blobs was completed by this very call, whose answer was lost.
    """
    etag = done.etag
    for _ in range(_ATTEMPTS):
        if etag is not None:
            try:
                await ledger.commit(replace(done, etag=etag, held_by=None, held_until=0.0), follow)
            except Conflict:
                pass
            else:
                return
        current = await ledger.get(done.key)
        if current is not None and _is_ours(current, done):
            return
        if current is None or current.state is not PageState.PENDING or current.held_by not in (None, done.held_by):
            break
        etag = current.etag
    raise Conflict(done.key.row)


def _is_ours(current: PageRow, done: PageRow) -> bool:
    mine = (done.state, done.blob, done.receipts)
    return done.state is not PageState.PENDING and (current.state, current.blob, current.receipts) == mine
