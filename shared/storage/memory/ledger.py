"""The ledger in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from shared.model.errors import Conflict
from shared.model.ledger import EntityRow, PageKey, PageRow, PageState, Stage


@dataclass(slots=True)
class MemoryLedger:
    """See ``shared.ports.stores.Ledger``."""

    _rows: dict[PageKey, PageRow] = field(default_factory=dict)
    _progress: dict[tuple[str, str], EntityRow] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    async def get(self, key: PageKey) -> PageRow | None:
        """One row, or None."""
        return self._rows.get(key)

    async def pending_page(self, run_id: str, entity: str, range_no: int) -> PageRow | None:
        """The extraction page of a range that is still to be read."""
        pages = await self.scan(run_id, entity=entity, stage=Stage.EXTRACT)
        pending = (page for page in pages if page.key.range_no == range_no and page.state is PageState.PENDING)
        return next(pending, None)

    async def scan(self, run_id: str, *, entity: str | None = None, stage: Stage | None = None) -> list[PageRow]:
        """All rows of a run, narrowed by entity and stage, in key order."""
        chosen = [
            row
            for key, row in self._rows.items()
            if key.run_id == run_id and entity in (None, key.entity) and stage in (None, key.stage)
        ]
        return sorted(chosen, key=lambda row: (row.key.partition, row.key.row))

    async def insert(self, rows: Sequence[PageRow]) -> None:
        """Add rows; those that exist stay as they are."""
        for row in rows:
            if row.key not in self._rows:
                self._put(row)

    async def commit(self, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
        """All or nothing."""
        current = self._rows.get(done.key)
        if current is None or current.etag != done.etag or any(row.key in self._rows for row in follow):
            raise Conflict(done.key.row)
        for row in (done, *follow):
            self._put(row)

    async def mark(self, rows: Iterable[PageRow]) -> None:
        """Overwrite rows that are pending and did not change since they were read."""
        for row in rows:
            known = self._rows.get(row.key)
            if row.state is PageState.PENDING and row.etag and known is not None and known.etag == row.etag:
                self._put(row)

    async def update(self, row: PageRow) -> PageRow:
        """Overwrite one row conditionally."""
        known = self._rows.get(row.key)
        if known is None or known.etag != row.etag:
            raise Conflict(row.key.row)
        self._put(row)
        return self._rows[row.key]

    async def entities(self, run_id: str) -> dict[str, EntityRow]:
        """Progress rows by entity name."""
        return {entity: row for (of, entity), row in self._progress.items() if of == run_id}

    async def put_entity(self, row: EntityRow) -> EntityRow:
        """Insert or overwrite a progress row conditionally."""
        known = self._progress.get((row.run_id, row.entity))
        if (known.etag if known else None) != row.etag:
            raise Conflict(row.entity)
        self._progress[row.run_id, row.entity] = replace(row, etag=str(next(self._numbers)))
        return self._progress[row.run_id, row.entity]

    def _put(self, row: PageRow) -> None:
        self._rows[row.key] = replace(row, etag=str(next(self._numbers)))
