"""What the cursor of a redrive says: out of which lines of a rows blob, which records, and what is told of them."""

from collections.abc import Sequence

import orjson

from shared.model.json import JsonObject
from shared.model.ledger import PageRow
from shared.ports.stores import Archive

_INLINE = 8_000
"""Bytes of ids up to which they stay in the row."""


async def redrive_cursor(
    archive: Archive, of: PageRow, ids: Sequence[str], before: Sequence[str], at: str
) -> JsonObject:
    """The cursor of a redrive of ``ids`` out of the slice ``of``. ``before`` are the receipts that tell of them so far.

    Many ids lie in a blob that ``at`` names.
    """
    lines = of.cursor or {}
    told: Sequence[str] | str = list(ids)
    if len(content := orjson.dumps(told)) > _INLINE:
        await archive.put(at, content)
        told = at
    return {"start": lines["start"], "count": lines["count"], "ids": told, "before": list(before)}


async def redriven(archive: Archive, row: PageRow) -> list[str]:
    """The ids of the records that a redrive is for."""
    ids = (row.cursor or {})["ids"]
    return orjson.loads(await archive.get(ids)) if isinstance(ids, str) else list(ids)
