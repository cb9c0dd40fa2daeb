"""Where the results of a proof lie, one blob for each of its rows, and what is in them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.engine.proof.findings import Finding
from shared.model.json import JsonObject
from shared.model.ledger import PageKey, PageRow

_MOST_LINES = 1_000_000
"""More than any blob of rows has."""


@dataclass(slots=True)
class Found:
    """What one slice's proof found. ``source_ids`` are those of all records that the source has in it.

    ``target_ids`` are those that the id map has for them. ``findings`` lie apart, see ``keeping``.
    """

    source_ids: Sequence[str] = ()
    target_ids: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)

    def document(self) -> JsonObject:
        """For the archive."""
        return {"source_ids": list(self.source_ids), "target_ids": list(self.target_ids)}


def parted(row: PageRow, count: int) -> tuple[PageRow, PageRow]:
    """The row of the first ``count`` records of a slice that is proven, and a new one of the others.

    Its part is like no other's, be the slice proven again after more work was done on its entity.
    """
    cursor = row.cursor or {}
    start, left = int(cursor["start"]) + count, int(cursor["count"]) - count
    key = replace(row.key, part=(int(cursor["of"]) + 1) * _MOST_LINES + start)
    others = PageRow(key, cursor={**cursor, "start": start, "count": left}, blob=row.blob, raw_blob=row.raw_blob)
    return replace(row, cursor={**cursor, "count": count}), others


def blob_of(key: PageKey) -> str:
    """A name for one attempt at a row."""
    place = f"{key.stage.value}-{key.range_no:05d}-{key.seq:07d}-{key.part:03d}-{uuid.uuid4().hex[:8]}"
    return f"reports/{key.run_id}/proof/{key.entity}/{place}.json"
