"""The ledger as it is, with a count of what is completed through it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from composition.counters import Counters
from shared.model.ledger import EntityRow, PageKey, PageRow, Stage
from shared.ports.evidence import transactions
from shared.ports.stores import Ledger


@dataclass(frozen=True, slots=True)
class CountingLedger:
    """See ``shared.ports.stores.Ledger``. Whoever completes a page counts it; who comes second does not."""

    ledger: Ledger
    counters: Counters

    async def get(self, key: PageKey) -> PageRow | None:
        """One row, or None."""
        return await self.ledger.get(key)

    async def pending_page(self, run_id: str, entity: str, range_no: int) -> PageRow | None:
        """The extraction page of a range that is still to be read, or None."""
        return await self.ledger.pending_page(run_id, entity, range_no)

    async def scan(self, run_id: str, *, entity: str | None = None, stage: Stage | None = None) -> list[PageRow]:
        """All rows of a run (of one entity, of one stage)."""
        return await self.ledger.scan(run_id, entity=entity, stage=stage)

    async def insert(self, rows: Sequence[PageRow]) -> None:
        """Add rows; those that exist stay as they are."""
        await self.ledger.insert(rows)

    async def commit(self, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
        """Complete ``done``, and count it. It takes along what storage did for it, this write included."""
        done = replace(done, transactions=done.transactions + transactions() + 1)
        await self.ledger.commit(done, follow)
        self.counters.completed(done)

    async def mark(self, rows: Iterable[PageRow]) -> None:
        """Overwrite pending rows that did not change."""
        await self.ledger.mark(rows)

    async def update(self, row: PageRow) -> PageRow:
        """Overwrite one row if its etag is current."""
        return await self.ledger.update(row)

    async def entities(self, run_id: str) -> dict[str, EntityRow]:
        """Progress rows by entity name."""
        return await self.ledger.entities(run_id)

    async def put_entity(self, row: EntityRow) -> EntityRow:
        """Overwrite or insert a progress row."""
        return await self.ledger.put_entity(row)
