"""Dead letters in table ``deadletters``: partition run, row entity and padded id."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

from shared.model.idmap import row_key
from shared.model.records import DeadLetter, LetterPlace
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

    async def page(
        self, run_id: str | None = None, *, after: LetterPlace | None = None, size: int = 1000
    ) -> list[DeadLetter]:
        """Letters behind a place."""
        found: list[Row] = []
        for where, keys in _behind(run_id, after):
            if len(found) < size:
                found += await self.table.first(where, keys, size - len(found))
        return [load_letter(row) for row in found]

    async def find(self, places: Collection[LetterPlace]) -> list[DeadLetter]:
        """The letters that there are."""
        runs: dict[str, set[str]] = defaultdict(set)
        for run_id, entity, source_id in places:
            runs[escape(run_id)].add(_name(entity, source_id))
        answers = await asyncio.gather(*(self.table.pick(run, names) for run, names in runs.items()))
        rows = (row for answer in answers for row in answer)
        return [load_letter(row) for row in rows if row["RowKey"] in runs[row["PartitionKey"]]]

    async def count(self) -> int:
        """How many letters there are; read by their keys alone, page after page."""
        return await self.table.count()


def _behind(run_id: str | None, after: LetterPlace | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Queries whose answers, one after the other, are the letters behind a place; each is one stretch of the table."""
    run = None if run_id is None else escape(run_id)
    if after is None:
        yield ("PartitionKey eq @run", {"run": run}) if run is not None else ("PartitionKey ge ''", {})
        return
    last, name = escape(after[0]), _name(after[1], after[2])
    if run in (None, last):
        yield "PartitionKey eq @run and RowKey gt @name", {"run": last, "name": name}
    if run is None:
        yield "PartitionKey gt @run", {"run": last}
    elif run > last:
        yield "PartitionKey eq @run", {"run": run}


def _name(entity: str, source_id: str) -> str:
    return escape(f"{entity}-{row_key(source_id)}")


def _row(letter: DeadLetter) -> Row:
    columns = {name: value for name, value in asdict(letter).items() if value is not None}
    keys = {"PartitionKey": escape(letter.run_id), "RowKey": _name(letter.entity, letter.source_id)}
    return {**keys, **columns}
