"""Sightings: in which runs a record was read, on which page, and what came of it there."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.engine.archive.rebuilding import RowsLost, rows_content
from shared.engine.archive.rows import load_rows, load_slice
from shared.engine.job import Jobs
from shared.model.idmap import IdMapEntry
from shared.model.ledger import PageKey, PageRow, Stage
from shared.model.records import SourceRecord
from shared.model.run import Run
from shared.ports.stores import Stores

RUNS = 20
"""Runs that are looked through, the newest first."""

_BLOBS = 400
"""Slices that are looked into for one record, over all runs."""

_AT_ONCE = 16
_SPAN = re.compile(r".*/\d{5}-\d{7}-(\d{1,18})-(\d{1,18})-[0-9a-f]+\.json")
_SLICES = (Stage.IMPORT, Stage.REDRIVE)
_OUTCOMES = ("failed", "created", "updated", "patched", "skipped", "duplicate", "kept", "left_out", "deferred")
_TOLD = ("flawed", "unresolved", "deferred", "kept")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One run's dealings with a record. ``rows`` are its slice and the patch of it; the first is where it was read.

    ``outcome`` is what came of it there: ``archived`` where nothing else is to come, None while nothing has. ``told``
    is what the receipts say of it by name.
    """

    run: Run
    rows: tuple[PageRow, ...]
    outcome: str | None
    told: dict[str, Any]


@dataclass(slots=True)
class Search:
    """Looks for one record. ``complete`` turns false when it had to give up before it had looked everywhere."""

    jobs: Jobs
    stores: Stores
    entity: str
    source_id: str
    complete: bool = True
    _left: int = _BLOBS

    async def runs(self, plan: str, entry: IdMapEntry | None) -> list[Sighting]:
        """Sightings, the newest first. Where ``entry`` says that one is, it is looked for first."""
        runs = await self.stores.runs.list(plan=plan)
        self.complete = len(runs) <= RUNS
        found = [await self._in(run, entry) for run in runs[:RUNS] if self.entity in run.entities]
        return [one for one in found if one is not None]

    async def slice_of(self, sighting: Sighting) -> dict[str, SourceRecord]:
        """The record as that run read it, and those around it; empty when its rows are lost."""
        return {one.id: one for one in await self._rows(sighting.rows[0])}

    async def _in(self, run: Run, entry: IdMapEntry | None) -> Sighting | None:
        rows = await self.stores.ledger.scan(run.run_id, entity=self.entity)
        slices = [row for row in rows if row.key.stage in _SLICES] or [row for row in rows if row.counts.extracted]
        known = _key(run, entry)
        slices.sort(key=lambda row: (row.key != known, not self._may_span(row), row.key))
        for start in range(0, len(slices), _AT_ONCE):
            chunk = slices[start : start + _AT_ONCE]
            if self._left <= 0:
                self.complete = False
                return None
            self._left -= len(chunk)
            has = await asyncio.gather(*map(self._has, chunk))
            if row := next((one for one, holds in zip(chunk, has, strict=True) if holds), None):
                return await self._sighting(run, row, rows)
        return None

    def _may_span(self, row: PageRow) -> bool:
        """Whether the page begins with a lower id and ends with a higher one; where it is sorted, that is all."""
        span = _SPAN.fullmatch(row.blob or "")
        return bool(span and self.source_id.isdigit() and int(span[1]) <= int(self.source_id) <= int(span[2]))

    async def _has(self, row: PageRow) -> bool:
        if row.receipts is None or row.key.stage is not Stage.IMPORT:
            return await self._reads(row)
        receipts = await self._receipts(row.receipts)
        return any(self.source_id in receipts.get(name, ()) for name in _OUTCOMES)

    async def _reads(self, row: PageRow) -> bool:
        return any(one.id == self.source_id for one in await self._rows(row))

    async def _rows(self, row: PageRow) -> list[SourceRecord]:
        """The records of a slice, or of a page that is only archived; none when they are lost."""
        try:
            content = await rows_content(self.jobs, self.stores, row.blob or "")
        except RowsLost:
            return []
        return load_rows(content) if row.key.stage is Stage.EXTRACT else load_slice(content, row.cursor or {})

    async def _sighting(self, run: Run, row: PageRow, rows: Iterable[PageRow]) -> Sighting:
        place = (row.key.range_no, row.key.seq, row.key.part)
        later = [one for one in rows if one.key.stage is Stage.PATCH and place == _place(one)]
        outcome, told = "archived" if row.key.stage is Stage.EXTRACT else None, dict[str, Any]()
        for one in (row, *later):
            receipts = await self._receipts(one.receipts) if one.receipts and one.completed_at else {}
            outcome = next((name for name in _OUTCOMES if self.source_id in receipts.get(name, ())), outcome)
            told |= {name: receipts[name][self.source_id] for name in _TOLD if self.source_id in receipts.get(name, ())}
        if outcome != "deferred":
            told.pop("deferred", None)
        return Sighting(run, (row, *later), outcome, told)

    async def _receipts(self, blob: str) -> dict[str, Any]:
        receipts: dict[str, Any] = orjson.loads(await self.stores.archive.get(blob))
        return receipts


def _key(run: Run, entry: IdMapEntry | None) -> PageKey | None:
    """The slice that an entry of the id map names, if it is one of the run's."""
    if entry is None or entry.run_id != run.run_id:
        return None
    try:
        return PageKey.at(run.run_id, entry.entity, entry.page)
    except ValueError:
        return None  # a record that was made up lies on no page


def _place(row: PageRow) -> tuple[int, int, int]:
    return (row.key.range_no, row.key.seq, row.key.part)
