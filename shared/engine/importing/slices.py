"""What a slice, patch or redrive is about: its records, and what became of them in the rows before it."""

from dataclasses import dataclass
from typing import Any

import orjson

from shared.engine.archive.rebuilding import rows_content
from shared.engine.archive.redrives import redriven
from shared.engine.archive.rows import load_slice
from shared.engine.importing.results import Results
from shared.engine.job import Jobs
from shared.model.ledger import Counts, PageRow, Stage
from shared.model.records import SourceRecord
from shared.ports.stores import Archive, Stores

_COUNTED = ("created", "updated", "skipped", "duplicate")


@dataclass(frozen=True, slots=True)
class Before:
    """``ids`` are the records that a patch or redrive is for; ``counted`` those of the slice that rows before it have
    counted as arrived, and ``failed`` those that they have counted as failed."""

    ids: list[str]
    counted: frozenset[str]
    failed: frozenset[str] = frozenset()

    def results(self, row: PageRow) -> Results:
        """Results that count nothing twice, and take the letters back that are not written again."""
        requeued = tuple(self.ids) if row.earlier else ()
        return Results(row, self.counted, self._taken_over(row), requeued)

    def _taken_over(self, row: PageRow) -> Counts:
        """A redrive takes over the dead letters that it was made of; else it is of records with unresolved links."""
        if row.key.stage is not Stage.REDRIVE:
            return Counts()
        if not row.earlier:
            return Counts(unresolved=len(self.ids))
        return Counts(failed=len(self.failed.intersection(self.ids) - self.counted), dead_lettered=len(self.ids))


async def told_before(stores: Stores, row: PageRow) -> Before | None:
    """What the receipts before it tell a patch or redrive; None of any other row."""
    if row.key.stage not in (Stage.PATCH, Stage.REDRIVE):
        return None
    told = [await _receipts(stores.archive, blob) for blob in (row.cursor or {}).get("before", ())]
    if row.key.stage is Stage.REDRIVE:
        ids = await redriven(stores.archive, row)
    else:
        told.append(await _receipts(stores.archive, row.receipts or ""))
        ids = list(told[-1]["deferred"])
    counted = frozenset(one for receipts in told for name in _COUNTED for one in receipts[name])
    return Before(ids, counted, frozenset(one for receipts in told for one in receipts["failed"]))


async def records_of(jobs: Jobs, stores: Stores, row: PageRow, before: Before | None) -> list[SourceRecord]:
    """The rows of a slice; of a patch or redrive only those that it is for. Raises RowsLost."""
    records = load_slice(await rows_content(jobs, stores, row.blob or ""), row.cursor or {})
    if before is None:
        return records
    chosen = frozenset(before.ids)
    return [record for record in records if record.id in chosen]


async def _receipts(archive: Archive, blob: str) -> dict[str, Any]:
    receipts: dict[str, Any] = orjson.loads(await archive.get(blob))
    return receipts
