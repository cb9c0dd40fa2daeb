"""The ledger in table ``ledger``: a partition per id range, so that a page and what follows from it commit together.

Progress of entities lives beside it in table ``progress`` (partition: run).
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from azure.data.tables import UpdateMode

from shared.model.errors import Conflict
from shared.model.ledger import Counts, EntityRow, PageKey, PageRow, PageState, Stage
from shared.storage.azure.keys import after, escape, unescape
from shared.storage.azure.tables import LARGEST_TRANSACTION, Row, Table, chunks, replacing


@dataclass(slots=True)
class AzureLedger:
    """See ``shared.ports.stores.Ledger``."""

    table: Table
    progress: Table

    async def get(self, key: PageKey) -> PageRow | None:
        """One row, or None."""
        row = await self.table.get(escape(key.partition), key.row)
        return _load(row) if row else None

    async def pending_page(self, run_id: str, entity: str, range_no: int) -> PageRow | None:
        """The extraction page of a range that is still to be read."""
        key = PageKey(run_id, entity, range_no, Stage.EXTRACT, 0)
        rows = await self.table.query(
            "PartitionKey eq @partition and RowKey ge 'e' and RowKey lt 'f' and state eq @state",
            {"partition": escape(key.partition), "state": PageState.PENDING.value},
        )
        return _load(rows[0]) if rows else None

    async def scan(self, run_id: str, *, entity: str | None = None, stage: Stage | None = None) -> list[PageRow]:
        """All rows of a run, narrowed by entity and stage, in key order."""
        prefix = escape(f"{run_id}:{entity}:" if entity else f"{run_id}:")
        rows = await self.table.query(
            "PartitionKey ge @first and PartitionKey lt @last", {"first": prefix, "last": after(prefix)}
        )
        pages = map(_load, rows)
        return [page for page in pages if stage is None or page.key.stage is stage]

    async def insert(self, rows: Sequence[PageRow]) -> None:
        """Add rows; those that exist stay as they are."""
        partitions: dict[str, list[PageRow]] = defaultdict(list)
        for row in rows:
            partitions[row.key.partition].append(row)
        await asyncio.gather(*(self._insert_chunk(chunk) for part in partitions.values() for chunk in chunks(part)))

    async def _insert_chunk(self, rows: Sequence[PageRow]) -> None:
        try:
            await self.table.transact([("create", _dump(row)) for row in rows])
        except Conflict:
            for row in rows:
                try:
                    await self.table.insert(_dump(row))
                except Conflict:
                    continue

    async def commit(self, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
        """One transaction. Raises ValueError for more rows than fit into it."""
        if len(follow) >= LARGEST_TRANSACTION:
            raise ValueError(f"at most {LARGEST_TRANSACTION - 1} rows follow from one page")
        if not follow:
            await self.table.replace(_dump(done), done.etag or "")  # half the cost of a transaction of one
            return
        creations = [("create", _dump(row)) for row in follow]
        await self.table.transact([replacing(_dump(done), done.etag or ""), *creations])

    async def mark(self, rows: Iterable[PageRow]) -> None:
        """Write the wake-up columns of rows that did not change since they were read."""
        partitions: dict[str, list[PageRow]] = defaultdict(list)
        for row in rows:
            if row.state is PageState.PENDING and row.etag:
                partitions[row.key.partition].append(row)
        await asyncio.gather(*(self._mark_chunk(chunk) for part in partitions.values() for chunk in chunks(part)))

    async def _mark_chunk(self, rows: Sequence[PageRow]) -> None:
        operations = [replacing(_dump(row), row.etag or "", UpdateMode.REPLACE) for row in rows]
        try:
            await self.table.transact(operations)
        except Conflict:
            for row in rows:
                try:
                    await self.table.replace(_dump(row), row.etag or "")
                except Conflict:
                    continue  # a worker completed it or somebody else marked it: both are fine

    async def update(self, row: PageRow) -> PageRow:
        """Overwrite one row conditionally."""
        return replace(row, etag=await self.table.replace(_dump(row), row.etag or ""))

    async def entities(self, run_id: str) -> dict[str, EntityRow]:
        """Progress rows by entity name."""
        rows = await self.progress.query("PartitionKey eq @run", {"run": escape(run_id)})
        found = (EntityRow(**json.loads(row["document"]), etag=row["etag"]) for row in rows)
        return {row.entity: row for row in found}

    async def put_entity(self, row: EntityRow) -> EntityRow:
        """Insert or overwrite a progress row conditionally."""
        document = asdict(row)
        del document["etag"]
        stored = {
            "PartitionKey": escape(row.run_id),
            "RowKey": escape(row.entity),
            "document": json.dumps(document),
        }
        if row.etag is None:
            return replace(row, etag=await self.progress.insert(stored))
        return replace(row, etag=await self.progress.replace(stored, row.etag))


def _dump(row: PageRow) -> Row:
    document = {
        "PartitionKey": escape(row.key.partition),
        "RowKey": row.key.row,
        "state": row.state.value,
        "cursor": json.dumps(row.cursor) if row.cursor is not None else None,
        "blob": row.blob,
        "raw_blob": row.raw_blob,
        "receipts": row.receipts,
        "counts": json.dumps({name: count for name, count in asdict(row.counts).items() if count}),
        "enqueued_at": row.enqueued_at,
        "enqueued_by": row.enqueued_by,
        "held_by": row.held_by,
        "held_until": float(row.held_until),
        "solo": row.solo,
        "in_turn": row.in_turn,
        "not_before": float(row.not_before),
        "completed_at": row.completed_at,
        "attempts": row.attempts,
        "earlier": row.earlier or None,
        "wakes": row.wakes or None,
        "reason": row.reason,
        "calls": json.dumps(row.calls) if row.calls else None,
        "transactions": row.transactions or None,
        "coverage": json.dumps(row.coverage) if row.coverage else None,
        "undecided": json.dumps(row.undecided) if row.undecided else None,
        "ids_digest": row.ids_digest,
        "making_up": json.dumps(row.making_up) if row.making_up else None,
        "seal": row.seal,
    }
    return {name: value for name, value in document.items() if value is not None}


_STAGES = {stage.letter: stage for stage in Stage}


def _load(row: Row) -> PageRow:
    run_id, entity, range_no = unescape(row["PartitionKey"]).rsplit(":", 2)
    letter, seq, part = row["RowKey"].split("-")
    return PageRow(
        PageKey(run_id, entity, int(range_no), _STAGES[letter], int(seq), int(part)),
        state=PageState(row["state"]),
        cursor=json.loads(row["cursor"]) if row.get("cursor") else None,
        blob=row.get("blob"),
        raw_blob=row.get("raw_blob"),
        receipts=row.get("receipts"),
        counts=Counts(**json.loads(row["counts"])),
        enqueued_at=row.get("enqueued_at"),
        enqueued_by=row["enqueued_by"],
        held_by=row.get("held_by"),
        held_until=row["held_until"],
        solo=row["solo"],
        in_turn=row["in_turn"],
        not_before=row["not_before"],
        completed_at=row.get("completed_at"),
        attempts=row["attempts"],
        earlier=row.get("earlier", 0),
        wakes=row.get("wakes", 0),
        reason=row.get("reason"),
        calls=json.loads(row.get("calls", "{}")),
        transactions=row.get("transactions", 0),
        coverage=json.loads(row.get("coverage", "{}")),
        undecided=json.loads(row.get("undecided", "{}")),
        ids_digest=row.get("ids_digest"),
        making_up=json.loads(row.get("making_up", "{}")),
        seal=row.get("seal"),
        etag=row["etag"],
    )
