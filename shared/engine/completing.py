"""Completing a page or slice: the one conditional write that makes its work count."""

from collections.abc import Sequence
from dataclasses import replace

from shared.model.errors import Conflict
from shared.model.ledger import PageRow, PageState
from shared.ports.stores import Ledger


async def complete(ledger: Ledger, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
    """Commit ``done`` with what follows from it. Raises Conflict when another worker completed it first.

    A row that merely got a new wake-up meanwhile is still pending: then the write is tried with its current etag.
    """
    etag = done.etag
    for _ in range(3):
        if etag is not None:
            try:
                await ledger.commit(replace(done, etag=etag), follow)
            except Conflict:
                pass
            else:
                return
        current = await ledger.get(done.key)
        if current is None or current.state is not PageState.PENDING:
            break
        etag = current.etag
    raise Conflict(done.key.row)
