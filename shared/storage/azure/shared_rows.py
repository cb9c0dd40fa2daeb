"""Rows that processes share under optimistic locking: table ``sharedrows``, partition kind, row name."""

import json
from dataclasses import dataclass

from shared.model.json import JsonObject
from shared.ports.stores import Stored
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Table


@dataclass(slots=True)
class AzureSharedRows:
    """See ``shared.ports.stores.SharedRows``. Time is that of the service's answers, rounded down to seconds."""

    table: Table

    async def read(self, kind: str, name: str) -> Stored:
        """One row with the service's time."""
        row, now = await self.table.get_with_time(escape(kind), escape(name))
        return Stored(json.loads(row["value"]), row["etag"], now) if row else Stored(None, None, now)

    async def write(self, kind: str, name: str, value: JsonObject, etag: str | None) -> float:
        """Replace the row read with ``etag``, or insert it."""
        row = {"PartitionKey": escape(kind), "RowKey": escape(name), "value": json.dumps(value)}
        return await self.table.put(row, etag)

    async def delete(self, kind: str, name: str) -> None:
        """Remove a row."""
        await self.table.delete(escape(kind), escape(name))
