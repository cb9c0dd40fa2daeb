"""Completing a page or slice: the one conditional write that makes its work count, or says that nobody can do it."""

from collections.abc import Sequence
from dataclasses import replace

from shared.engine.causes import fingerprint
from shared.model.errors import Conflict
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.records import DeadLetter
from shared.ports.stores import Ledger, Stores

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


async def give_up(
    stores: Stores, row: PageRow, reason: str, message: str, *, at: float, source_ids: Sequence[str] | None = None
) -> None:
    """Let the run go on without a page or slice: its row is dead, with a letter for each of ``source_ids``.

    None of them are known: one letter stands for the rest of the range behind a page, which cannot be reached either,
    or for all records of a slice. Nobody judged the records, so the failure rate leaves them out. A row that another
    worker completes stays as that one leaves it. ``at`` is now, in seconds since 1970.
    """
    key, cause = row.key, fingerprint(row.key.entity, reason, None, message)
    names, records = ([whole(row)], _stands_for(row)) if source_ids is None else (source_ids, len(source_ids))
    attempts = row.earlier + row.attempts + 1
    await stores.dead_letters.add(
        [
            DeadLetter(key.run_id, key.entity, name, reason, message, attempts, row.raw_blob, cause, page=key.place)
            for name in names
        ]
    )
    if row.earlier and source_ids is not None:
        await stores.dead_letters.remove(key.run_id, key.entity, [whole(row)])
    counted_before = records if key.stage is Stage.REDRIVE and row.earlier else 0
    stumbled = row.counts.transient
    counts = Counts(dead_lettered=records - counted_before, transient=stumbled, persistent=stumbled)
    dead = replace(row, state=PageState.DEAD, counts=counts, reason=reason, completed_at=at)
    try:
        await complete(stores.ledger, dead)
    except Conflict:
        return


PROOF = (Stage.VERIFY, Stage.COMPARE)
"""Stages whose rows look at what others have done."""


async def go_without(ledger: Ledger, row: PageRow, reason: str, *, at: float) -> None:
    """Let the run go on without a row that brings no records: none is lost, and whoever sums rows up tells of it.

    What a row of the proof was to look at stays unverified. A row that another worker completes stays as that one
    leaves it. ``at`` is now, in seconds since 1970.
    """
    unread = _stands_for(row) if row.key.stage is Stage.VERIFY else 0
    dead = replace(row, state=PageState.DEAD, counts=Counts(unread=unread), reason=reason, completed_at=at)
    try:
        await complete(ledger, dead)
    except Conflict:
        return


def whole(row: PageRow) -> str:
    """What one letter for a whole row is named by."""
    page = f"range-{row.key.range_no}-page-{row.key.seq}"
    return page if row.key.stage is Stage.EXTRACT else f"{page}-slice-{row.key.part}"


def _stands_for(row: PageRow) -> int:
    """How many records a letter for a whole row stands for."""
    return int((row.cursor or {}).get("count", 1))


def _is_ours(current: PageRow, done: PageRow) -> bool:
    mine = (done.state, done.blob, done.receipts)
    return done.state is not PageState.PENDING and (current.state, current.blob, current.receipts) == mine
