"""What a run has read so far, for sources that follow parents to their children."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.engine.archive.rebuilding import rows_content
from shared.engine.archive.rows import load_rows
from shared.engine.delta.watermarks import Watermarks
from shared.engine.job import Jobs
from shared.model.ledger import EntityRow, PageRow, PageState, Stage
from shared.model.records import SourceRecord
from shared.model.run import Run, RunOptions
from shared.ports.stores import Stores

_PAGES_KEPT = 4
_NOT_OFFERED = "source.method_missing"
_NAMED = 5
"""Pages that are named one by one; the others are counted."""


@dataclass(slots=True)
class RowCache:
    """The pages of rows that were read last, for all workers of a process. A rows blob never changes."""

    jobs: Jobs
    stores: Stores
    _kept: OrderedDict[str, tuple[SourceRecord, ...]] = field(default_factory=OrderedDict)

    async def rows(self, blob: str) -> tuple[SourceRecord, ...]:
        """The records of a rows blob. Raises RowsLost."""
        rows = self._kept.pop(blob, None)
        if rows is None:
            rows = tuple(load_rows(await rows_content(self.jobs, self.stores, blob)))
        self._kept[blob] = rows
        while len(self._kept) > _PAGES_KEPT:
            self._kept.popitem(last=False)
        return rows


@dataclass(frozen=True, slots=True)
class ExtractedRows:
    """See ``shared.ports.systems.Extracted``."""

    run: Run
    stores: Stores
    cache: RowCache

    @property
    def options(self) -> RunOptions:
        """The options of the run."""
        return self.run.options

    @property
    def generation(self) -> str:
        """The run and its epoch."""
        return f"{self.run.run_id} {self.run.epoch}"

    async def pages(self, entity: str) -> tuple[str, ...]:
        """Rows blobs of an entity, in key order, without those of empty pages and of pages that were given up."""
        return await _pages(self.stores, self.run.run_id, entity)

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        """The records of one of them. Raises RowsLost."""
        return await self.cache.rows(page)

    def since(self, entity: str) -> datetime | None:
        """What the run was given when it started."""
        since = self.run.reads_since.get(entity)
        return None if since is None else datetime.fromisoformat(since)

    async def earlier(self, entity: str) -> tuple[str, ...]:
        """Those of the runs that the entity's watermark names."""
        mark = await Watermarks(self.stores.shared).of(self.run.plan, entity)
        runs = () if mark is None else mark.runs
        found = [await _pages(self.stores, run_id, entity) for run_id in runs if run_id != self.run.run_id]
        return tuple(page for pages in found for page in pages)

    async def gone(self, entity: str) -> frozenset[str]:
        """Those that have a tombstone."""
        return frozenset(one.source_id for one in await self.stores.tombstones.of(self.run.plan, entity))


async def _pages(stores: Stores, run_id: str, entity: str) -> tuple[str, ...]:
    pages = await stores.ledger.scan(run_id, entity=entity, stage=Stage.EXTRACT)
    done = (page for page in pages if page.state is PageState.DONE and page.counts.extracted)
    return tuple(page.blob for page in done if page.blob)


async def unread(stores: Stores, run_id: str, parents: Iterable[str]) -> str | None:
    """What could not be read of ``parents``, or of what they follow themselves; None when nothing is missing.

    Who follows them reads their pages as if there were no others, and would miss the rest without a word.
    """
    progress = await stores.ledger.entities(run_id)
    missing = []
    for parent in parents:
        pages = await stores.ledger.scan(run_id, entity=parent, stage=Stage.EXTRACT)
        row = progress.get(parent, EntityRow(run_id, parent))
        missing += _missing(row, pages)
        if row.incomplete:
            missing.append(row.incomplete)
    if not missing:
        return None
    more = f", and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return ", ".join(missing[:_NAMED]) + more


def _missing(row: EntityRow, pages: list[PageRow]) -> list[str]:
    """What was not read of one entity. Of one that the source does not offer, there is nothing to read."""
    if row.blocked_by is not None and row.ranges is None:
        return [] if row.blocked_by == _NOT_OFFERED else [f"{row.entity} ({row.blocked_by})"]
    not_done = (page for page in pages if page.state is not PageState.DONE)
    return [
        f"{row.entity} range {page.key.range_no} from page {page.key.seq} on"
        f" ({page.reason or row.blocked_by or 'not read yet'})"
        for page in not_done
    ]
