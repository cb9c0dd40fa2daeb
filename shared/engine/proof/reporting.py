"""Where the results of a proof lie, one blob for each of its rows, and what is in them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.engine.proof.findings import Finding
from shared.model.json import JsonObject
from shared.model.ledger import PageKey

MOST_NAMED = 1000
"""Findings of one row that are named one by one; the others are counted."""


@dataclass(slots=True)
class Found:
    """What one row of a proof found. ``source_ids`` are those of all records that the source has in it.

    ``target_ids`` are those that the id map has for them.
    """

    source_ids: Sequence[str] = ()
    target_ids: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)

    def document(self) -> JsonObject:
        """For the archive. Findings that could not be named any more are left out; the row counts them."""
        return {
            "source_ids": list(self.source_ids),
            "target_ids": list(self.target_ids),
            "findings": [one.document() for one in self.findings[:MOST_NAMED]],
        }


def blob_of(key: PageKey) -> str:
    """A name for one attempt at a row."""
    place = f"{key.stage.value}-{key.range_no:05d}-{key.seq:07d}-{key.part:03d}-{uuid.uuid4().hex[:8]}"
    return f"reports/{key.run_id}/proof/{key.entity}/{place}.json"
