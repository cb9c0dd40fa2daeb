"""The id map: table ``idmap`` + plan name without ``_``, partitioned by blocks of ids or of parents' ids (ADR 0002)."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from azure.data.tables.aio import TableServiceClient

from shared.model.idmap import IdMapEntry, block_of, row_key
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Row, Table, chunks
from shared.storage.documents import dump_entry, load_entry

_PARALLEL = 4
_PARALLEL_READS = 8


@dataclass(slots=True)
class AzureIdMap:
    """See ``shared.ports.stores.IdMap``."""

    table: Table

    async def block(self, entity: str, block: str) -> dict[str, IdMapEntry]:
        """Entries of one block, by source id."""
        rows = await self.table.query("PartitionKey eq @block", {"block": _partition(entity, block)})
        return {row["source_id"]: load_entry(row) for row in rows}

    async def find(self, entity: str, records: Mapping[str, str | None]) -> dict[str, IdMapEntry]:
        """Entries of these records, block by block."""
        blocks: dict[str, set[str]] = defaultdict(set)
        for one in records.items():
            blocks[_partition(entity, block_of(*one))].add(escape(row_key(*one)))
        limit = asyncio.Semaphore(_PARALLEL_READS)

        async def some(partition: str, keys: set[str]) -> list[Row]:
            async with limit:
                return [row for row in await self.table.pick(partition, keys) if row["RowKey"] in keys]

        found = await asyncio.gather(*(some(partition, keys) for partition, keys in blocks.items()))
        return {row["source_id"]: load_entry(row) for rows in found for row in rows}

    async def write(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert or overwrite, block by block."""
        blocks: dict[str, dict[str, IdMapEntry]] = defaultdict(dict)
        for entry in entries:
            blocks[_partition(entry.entity, block_of(entry.source_id, entry.within))][_key(entry)] = entry
        limit = asyncio.Semaphore(_PARALLEL)

        async def one(partition: str, chunk: Sequence[tuple[str, IdMapEntry]]) -> None:
            async with limit:
                await self.table.transact(
                    [
                        (
                            "upsert",
                            {
                                "PartitionKey": partition,
                                "RowKey": key,
                                **dump_entry(entry),
                            },
                            {"mode": "replace"},
                        )
                        for key, entry in chunk
                    ]
                )

        pieces = ((part, chunk) for part, rows in blocks.items() for chunk in chunks(list(rows.items())))
        await asyncio.gather(*(one(partition, chunk) for partition, chunk in pieces))


@dataclass(slots=True)
class AzureIdMaps:
    """One id map per plan."""

    service: TableServiceClient
    table_prefix: str = ""
    _maps: dict[str, AzureIdMap] = field(default_factory=dict)

    def of(self, plan: str) -> AzureIdMap:
        """The id map of a plan."""
        if plan not in self._maps:
            self._maps[plan] = AzureIdMap(Table(self.service, f"{self.table_prefix}idmap{plan.replace('_', '')}"))
        return self._maps[plan]


def _key(entry: IdMapEntry) -> str:
    return escape(row_key(entry.source_id, entry.within))


def _partition(entity: str, block: str) -> str:
    return escape(f"{entity}-{block}")
