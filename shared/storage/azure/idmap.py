"""The id map: table ``idmap`` + plan name without ``_``, partitioned by blocks of 1,000 ids (ADR 0002)."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from azure.data.tables.aio import TableServiceClient

from shared.model.idmap import IdMapEntry, block_of, row_key
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Table, chunks
from shared.storage.documents import dump_entry, load_entry

_PARALLEL = 4


@dataclass(slots=True)
class AzureIdMap:
    """See ``shared.ports.stores.IdMap``."""

    table: Table

    async def block(self, entity: str, block: str, among: Collection[str] = ()) -> dict[str, IdMapEntry]:
        """Entries of one block, by source id."""
        where, parameters = "PartitionKey eq @block", {"block": _partition(entity, block)}
        if among:
            keys = [escape(row_key(source_id)) for source_id in among]
            where += " and RowKey ge @first and RowKey le @last"
            parameters |= {"first": min(keys), "last": max(keys)}
        rows = await self.table.query(where, parameters)
        return {row["source_id"]: load_entry(row) for row in rows}

    async def write(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert or overwrite, block by block."""
        blocks: dict[str, dict[str, IdMapEntry]] = defaultdict(dict)
        for entry in entries:
            blocks[_partition(entry.entity, block_of(entry.source_id))][entry.source_id] = entry
        limit = asyncio.Semaphore(_PARALLEL)

        async def one(partition: str, chunk: Sequence[IdMapEntry]) -> None:
            async with limit:
                await self.table.transact(
                    [
                        (
                            "upsert",
                            {
                                "PartitionKey": partition,
                                "RowKey": escape(row_key(entry.source_id)),
                                **dump_entry(entry),
                            },
                            {"mode": "replace"},
                        )
                        for entry in chunk
                    ]
                )

        pieces = ((part, chunk) for part, rows in blocks.items() for chunk in chunks(list(rows.values())))
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


def _partition(entity: str, block: str) -> str:
    return escape(f"{entity}-{block}")
