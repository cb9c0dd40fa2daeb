"""Dead letters in table ``deadletters``: partition run, row entity and padded id."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from shared.model.idmap import row_key
from shared.model.records import DeadLetter
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Row, Table, chunks
from shared.storage.documents import load_letter


@dataclass(slots=True)
class AzureDeadLetters:
    """See ``shared.ports.stores.DeadLetters``."""

    table: Table

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        """Insert or overwrite."""
        runs: dict[str, dict[str, Row]] = defaultdict(dict)
        for letter in letters:
            row = _row(letter)
            runs[letter.run_id][row["RowKey"]] = row
        pieces = [chunk for rows in runs.values() for chunk in chunks(list(rows.values()))]
        await asyncio.gather(
            *(self.table.transact([("upsert", row, {"mode": "replace"}) for row in chunk]) for chunk in pieces)
        )

    async def remove(self, run_id: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take letters out; unknown ids are ignored."""
        await asyncio.gather(*(self.table.delete(escape(run_id), _name(entity, one)) for one in source_ids))

    async def list(self, run_id: str | None = None) -> list[DeadLetter]:
        """All letters, or those of one run."""
        where = "PartitionKey eq @run" if run_id else "PartitionKey ge ''"
        return [load_letter(row) for row in await self.table.query(where, {"run": escape(run_id or "")})]

    async def count(self) -> int:
        """How many letters there are; read by their keys alone, page after page."""
        return await self.table.count()


def _name(entity: str, source_id: str) -> str:
    return escape(f"{entity}-{row_key(source_id)}")


def _row(letter: DeadLetter) -> Row:
    columns = {name: value for name, value in asdict(letter).items() if value is not None}
    keys = {"PartitionKey": escape(letter.run_id), "RowKey": _name(letter.entity, letter.source_id)}
    return {**keys, **columns}
