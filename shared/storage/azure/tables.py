"""One table, created on demand, with errors translated and pages followed."""

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from azure.core import MatchConditions
from azure.core.async_paging import AsyncPageIterator
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.model.errors import Conflict
from shared.storage.azure.faults import translated
from shared.storage.azure.quick_rows import TakenRows

Row = dict[str, Any]
LARGEST_TRANSACTION = 100
_PAGE = 1000


@dataclass(slots=True)
class Table:
    """Rows are dicts with PartitionKey and RowKey; ``etag`` comes along under that key when a row is read."""

    service: TableServiceClient
    name: str
    _created: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, partition: str, row: str) -> Row | None:
        """One row, or None."""
        found, _ = await self.get_with_time(partition, row)
        return found

    async def get_with_time(self, partition: str, row: str) -> tuple[Row | None, float]:
        """One row (or None) and the service's time by its ``Date`` header: seconds, rounded down."""
        await self._ensure()
        dates: list[str] = []
        with translated(self.name):
            try:
                entity = await self.service.get_table_client(self.name).get_entity(
                    partition, row, raw_response_hook=lambda answer: dates.append(_date(answer))
                )
            except ResourceNotFoundError as error:
                return None, _seconds(_date(error))
        return _row(entity), _seconds(dates[-1])

    async def query(self, where: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows that match, in key order, page after page."""
        await self._ensure()
        with translated(self.name):
            client = self.service.get_table_client(self.name)
            taken = TakenRows()
            found = client.query_entities(
                where, parameters=dict(parameters or {}), results_per_page=_PAGE, raw_response_hook=taken
            )
            async for _ in found:
                pass  # the hook has the rows
            return taken.rows

    async def count(self) -> int:
        """How many rows there are."""
        await self._ensure()
        with translated(self.name):
            rows = self.service.get_table_client(self.name).list_entities(select=["RowKey"], results_per_page=_PAGE)
            return sum([1 async for _ in rows])

    async def first(self, where: str, parameters: Mapping[str, Any], size: int) -> list[Row]:
        """Up to ``size`` rows that match, in key order. Fewer: there are no more."""
        await self._ensure()
        taken = TakenRows()
        with translated(self.name):
            client = self.service.get_table_client(self.name)
            found = client.query_entities(
                where, parameters=dict(parameters), results_per_page=min(_PAGE, size), raw_response_hook=taken
            )
            async for _ in found.by_page():
                if len(taken.rows) >= size:
                    break
        return taken.rows[:size]

    async def page(self, where: str, parameters: Mapping[str, Any]) -> tuple[list[Row], bool]:
        """(up to 1,000 rows that match, in key order; whether there may be more). No rows: there are none."""
        await self._ensure()
        taken = TakenRows()
        with translated(self.name):
            client = self.service.get_table_client(self.name)
            found = client.query_entities(
                where, parameters=dict(parameters), results_per_page=_PAGE, raw_response_hook=taken
            )
            pages = cast("AsyncPageIterator[Any]", found.by_page())
            async for _ in pages:  # a page may be empty though there are more
                if taken.rows:
                    break
        return taken.rows, bool(pages.continuation_token)

    async def pick(self, partition: str, keys: Iterable[str]) -> list[Row]:
        """The rows of a partition that have these keys, and some of those between them.

        One page tells how dense the rows are: what lies between its end and the next key is stepped over.
        """
        await self._ensure()
        left = sorted(keys)
        taken = TakenRows()
        with translated(self.name):
            client = self.service.get_table_client(self.name)
            while left:
                found = client.query_entities(
                    "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
                    parameters={"partition": partition, "first": left[0], "last": left[-1]},
                    results_per_page=_PAGE,
                    raw_response_hook=taken,
                )
                pages = cast("AsyncPageIterator[Any]", found.by_page())
                before = len(taken.rows)
                async for _ in pages:  # a page may be empty though there are more
                    if len(taken.rows) > before:
                        break
                if not pages.continuation_token:
                    break
                left = left[bisect_right(left, taken.rows[-1]["RowKey"]) :]
        return taken.rows

    async def insert(self, row: Row) -> str:
        """Add a row; answers its etag. Raises Conflict when another one exists."""
        await self._ensure()
        try:
            with translated(self.name):
                return str((await self.service.get_table_client(self.name).create_entity(row))["etag"])
        except Conflict:
            return await self._etag_of_ours(row)

    async def upsert(self, row: Row) -> None:
        """Insert or replace."""
        await self._ensure()
        with translated(self.name):
            await self.service.get_table_client(self.name).upsert_entity(row, mode=UpdateMode.REPLACE)

    async def replace(self, row: Row, etag: str) -> str:
        """Replace the row that was read with ``etag``; answers the new etag. Raises Conflict, for a lost row too."""
        await self._ensure()
        try:
            with translated(self.name):
                answer = await self.service.get_table_client(self.name).update_entity(
                    row, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
                )
        except (Conflict, ResourceNotFoundError):
            return await self._etag_of_ours(row)
        return str(answer["etag"])

    async def put(self, row: Row, etag: str | None) -> float:
        """Insert (etag None) or replace conditionally; answers the service's time. Raises Conflict."""
        await self._ensure()
        dates: list[str] = []
        client = self.service.get_table_client(self.name)

        def hook(answer: Any) -> None:
            dates.append(_date(answer))

        with translated(self.name):
            if etag is None:
                await client.create_entity(row, raw_response_hook=hook)
            else:
                condition = MatchConditions.IfNotModified
                await client.update_entity(
                    row, mode=UpdateMode.REPLACE, etag=etag, match_condition=condition, raw_response_hook=hook
                )
        return _seconds(dates[-1])

    async def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """Remove a row (only as it was read with ``etag``, else Conflict); a missing one is fine."""
        await self._ensure()
        condition = MatchConditions.IfNotModified if etag else None
        with translated(self.name):
            client = self.service.get_table_client(self.name)
            await client.delete_entity(partition, row, etag=etag, match_condition=condition)

    async def transact(self, operations: Sequence[tuple[Any, ...]]) -> None:
        """One transaction of up to 100 operations on one partition. Raises Conflict; then nothing was done."""
        await self._ensure()
        with translated(self.name):
            await self.service.get_table_client(self.name).submit_transaction(operations)

    async def _etag_of_ours(self, row: Row) -> str:
        """Tell a lost race from a write that was applied, and repeated because its answer got lost on the way.

        The etag when the row is exactly as we wanted it. Raises Conflict when it is not.
        """
        there = await self.get(row["PartitionKey"], row["RowKey"])
        if there is None or there != {**row, "etag": there["etag"]}:
            raise Conflict(self.name)
        return str(there["etag"])

    async def _ensure(self) -> None:
        if self._created:
            return
        async with self._lock:
            if not self._created:
                with translated(self.name), contextlib.suppress(ResourceExistsError):
                    await self.service.create_table(self.name)
                self._created = True


def replacing(row: Row, etag: str, mode: UpdateMode = UpdateMode.REPLACE) -> tuple[Any, ...]:
    """A conditional replacement (or merge) as a part of a transaction."""
    return "update", row, {"etag": etag, "match_condition": MatchConditions.IfNotModified, "mode": mode}


def chunks(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """Cut into pieces that fit a transaction."""
    return [rows[start : start + LARGEST_TRANSACTION] for start in range(0, len(rows), LARGEST_TRANSACTION)]


def _row(entity: Any) -> Row:
    return {**entity, "etag": entity.metadata["etag"]}


def _date(answer: Any) -> str:
    response = getattr(answer, "http_response", None) or answer.response
    return str(response.headers.get("Date") or response.headers.get("date"))


def _seconds(date: str) -> float:
    moment: datetime = parsedate_to_datetime(date)
    return moment.timestamp()
