"""Tombstones: table ``tombstones``, a partition for each entity of a plan."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.model.idmap import row_key
from shared.model.tombstones import Fate, Tombstone
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Row, Table, chunks
from shared.storage.documents import dump_entry, load_entry


@dataclass(slots=True)
class AzureTombstones:
    """See ``shared.ports.stores.Tombstones``."""

    table: Table

    async def write(self, plan: str, tombstones: Sequence[Tombstone]) -> None:
        """Insert or overwrite, entity by entity."""
        entities: dict[str, dict[str, Row]] = {}
        for one in tombstones:
            row = _row(plan, one)
            entities.setdefault(row["PartitionKey"], {})[row["RowKey"]] = row
        pieces = [chunk for rows in entities.values() for chunk in chunks(list(rows.values()))]
        await asyncio.gather(
            *(self.table.transact([("upsert", row, {"mode": "replace"}) for row in chunk]) for chunk in pieces)
        )

    async def of(self, plan: str, entity: str) -> list[Tombstone]:
        """All of an entity."""
        rows = await self.table.query("PartitionKey eq @entity", {"entity": _partition(plan, entity)})
        return list(map(_load, rows))

    async def remove(self, plan: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take tombstones out."""
        partition = _partition(plan, entity)
        await asyncio.gather(*(self.table.delete(partition, escape(row_key(one))) for one in source_ids))


def _partition(plan: str, entity: str) -> str:
    return escape(f"{plan}:{entity}")


def _row(plan: str, one: Tombstone) -> Row:
    columns = {
        "entry": json.dumps(dump_entry(one.entry)),
        "found_by": one.found_by,
        "found_at": one.found_at.isoformat(),
        "seen_by": one.seen_by,
        "fate": one.fate.value,
        "parent": one.parent,
        "reason": one.reason,
    }
    keys = {"PartitionKey": _partition(plan, one.entry.entity), "RowKey": escape(row_key(one.source_id))}
    return {**keys, **{name: value for name, value in columns.items() if value is not None}}


def _load(row: Row) -> Tombstone:
    return Tombstone(
        entry=load_entry(json.loads(row["entry"])),
        found_by=row["found_by"],
        found_at=datetime.fromisoformat(row["found_at"]),
        seen_by=row["seen_by"],
        fate=Fate(row["fate"]),
        parent=row.get("parent"),
        reason=row.get("reason"),
    )
