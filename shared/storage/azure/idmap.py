"""The id map: table ``idmap`` + plan name without ``_``, partitioned by blocks of ids or of parents' ids (ADR 0002)."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from azure.data.tables.aio import TableServiceClient

from shared.model.errors import Conflict
from shared.model.idmap import IdMapEntry, block_of, row_key
from shared.ports.stores import Scanned
from shared.storage.azure.keys import after as end_of
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Row, Table, chunks
from shared.storage.documents import dump_entry, load_entry

_PARALLEL = 4
_PARALLEL_READS = 8

Placed = tuple[Row, IdMapEntry]
"""An entry and the keys of its row."""


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

    async def scan(self, entity: str, after: str = "") -> Scanned:
        """The rest of a block, or several blocks; no query goes over both, which would read the whole table."""
        last = end_of(prefix := _partition(entity, ""))
        rows: list[Row] = []
        if after:
            prefix, _, row = after.partition("\n")
            rows, _ = await self.table.page("PartitionKey eq @block and RowKey gt @row", {"block": prefix, "row": row})
        more = bool(rows)
        if not rows:
            rows, more = await self.table.page(
                "PartitionKey gt @block and PartitionKey lt @last", {"block": prefix, "last": last}
            )
        place = f"{rows[-1]['PartitionKey']}\n{rows[-1]['RowKey']}" if more else None
        return Scanned(tuple(map(load_entry, rows)), place)

    async def write(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert or overwrite, block by block."""
        pieces = (
            self.table.transact(
                [("upsert", {**place, **dump_entry(entry)}, {"mode": "replace"}) for place, entry in chunk]
            )
            for chunk in _by_block(entries)
        )
        await _few_at_once(pieces)

    async def add(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert, block by block; where one is there already, one by one."""
        await _few_at_once(self._add(chunk) for chunk in _by_block(entries))

    async def _add(self, chunk: Sequence[Placed]) -> None:
        rows = [{**place, **dump_entry(entry)} for place, entry in chunk]
        try:
            await self.table.transact([("create", row) for row in rows])
        except Conflict:
            for row in rows:
                with contextlib.suppress(Conflict):
                    await self.table.insert(row)

    async def remove(self, entries: Sequence[IdMapEntry]) -> None:
        """Take entries out, block by block; where one is missing already, one by one."""
        await _few_at_once(self._remove(chunk) for chunk in _by_block(entries))

    async def _remove(self, chunk: Sequence[Placed]) -> None:
        try:
            await self.table.transact([("delete", place) for place, _ in chunk])
        except Conflict:
            for place, _ in chunk:
                await self.table.delete(place["PartitionKey"], place["RowKey"])

    async def change(self, changes: Sequence[tuple[IdMapEntry, IdMapEntry | None]]) -> None:
        """Replace or take out entries that are as they were read, block by block."""
        after = {(one.entity, one.source_id): new for one, new in changes}
        befores = [before for before, _ in changes]
        await _few_at_once(self._change(chunk, after) for chunk in _by_block(befores))

    async def _change(self, chunk: Sequence[Placed], after: Mapping[tuple[str, str], IdMapEntry | None]) -> None:
        known = {place["RowKey"]: (place, entry) for place, entry in chunk}
        for row in await self.table.pick(chunk[0][0]["PartitionKey"], known):
            place, before = known.get(row["RowKey"], (None, None))
            if place is None or before is None or load_entry(row) != before:
                continue
            new = after[before.entity, before.source_id]
            with contextlib.suppress(Conflict):  # somebody wrote it just now
                if new is None:
                    await self.table.delete(place["PartitionKey"], place["RowKey"], row["etag"])
                else:
                    await self.table.replace({**place, **dump_entry(new)}, row["etag"])


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


def _by_block(entries: Sequence[IdMapEntry]) -> list[Sequence[Placed]]:
    """Entries with their keys, each place once, cut into pieces that fit a transaction."""
    blocks: dict[str, dict[str, IdMapEntry]] = defaultdict(dict)
    for entry in entries:
        key = escape(row_key(entry.source_id, entry.within))
        blocks[_partition(entry.entity, block_of(entry.source_id, entry.within))][key] = entry
    placed = (
        [({"PartitionKey": partition, "RowKey": key}, entry) for key, entry in rows.items()]
        for partition, rows in blocks.items()
    )
    return [chunk for rows in placed for chunk in chunks(rows)]


async def _few_at_once(works: Iterable[Awaitable[None]]) -> None:
    limit = asyncio.Semaphore(_PARALLEL)

    async def one(work: Awaitable[None]) -> None:
        async with limit:
            await work

    await asyncio.gather(*map(one, works))


def _partition(entity: str, block: str) -> str:
    return escape(f"{entity}-{block}")
