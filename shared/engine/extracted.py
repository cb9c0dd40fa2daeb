"""What a run has read so far, for sources that follow parents to their children."""

from collections import OrderedDict
from dataclasses import dataclass, field

from shared.engine.rows import load_rows
from shared.model.ledger import PageState, Stage
from shared.model.records import SourceRecord
from shared.model.run import Run, RunOptions
from shared.ports.stores import Stores

_PAGES_KEPT = 4


@dataclass(slots=True)
class RowCache:
    """The pages of rows that were read last, for all workers of a process. A rows blob never changes."""

    stores: Stores
    _kept: OrderedDict[str, tuple[SourceRecord, ...]] = field(default_factory=OrderedDict)

    async def rows(self, blob: str) -> tuple[SourceRecord, ...]:
        """The records of a rows blob."""
        rows = self._kept.pop(blob, None)
        if rows is None:
            rows = tuple(load_rows(await self.stores.archive.get(blob)))
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

    async def pages(self, entity: str) -> tuple[str, ...]:
        """Rows blobs of an entity, in key order, without those of empty pages."""
        pages = await self.stores.ledger.scan(self.run.run_id, entity=entity, stage=Stage.EXTRACT)
        done = (page for page in pages if page.state is PageState.DONE and page.counts.extracted)
        return tuple(page.blob for page in done if page.blob)

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        """The records of one of them."""
        return await self.cache.rows(page)
