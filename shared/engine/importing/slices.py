"""What a slice or patch is about: its records, and of a patch what became of them in its slice."""

from dataclasses import dataclass

import orjson

from shared.engine.archive.rebuilding import rows_content
from shared.engine.archive.rows import load_slice
from shared.engine.job import Jobs
from shared.model.ledger import PageRow, Stage
from shared.model.records import SourceRecord
from shared.ports.stores import Stores

_COUNTED = ("created", "updated", "skipped", "duplicate")


@dataclass(frozen=True, slots=True)
class Before:
    """``deferred`` are the ids of the records that a patch is for; ``counted`` those that its slice has counted."""

    deferred: list[str]
    counted: frozenset[str]


async def told_before(stores: Stores, row: PageRow) -> Before | None:
    """What the receipts of its slice tell a patch; None of any other row."""
    if row.key.stage is not Stage.PATCH:
        return None
    receipts = orjson.loads(await stores.archive.get(row.receipts or ""))
    return Before(list(receipts["deferred"]), frozenset(one for name in _COUNTED for one in receipts[name]))


async def records_of(jobs: Jobs, stores: Stores, row: PageRow, before: Before | None) -> list[SourceRecord]:
    """The rows of a slice; of a patch only those that its slice deferred. Raises RowsLost."""
    records = load_slice(await rows_content(jobs, stores, row.blob or ""), row.cursor or {})
    if before is None:
        return records
    deferred = frozenset(before.deferred)
    return [record for record in records if record.id in deferred]
