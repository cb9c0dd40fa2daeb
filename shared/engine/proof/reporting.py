"""Where the results of a proof lie, one blob for each of its rows, and what is in them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.engine.proof.findings import Finding
from shared.model.json import JsonObject
from shared.model.ledger import PageKey


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


def blob_of(key: PageKey) -> str:
    """A name for one attempt at a row."""
    place = f"{key.stage.value}-{key.range_no:05d}-{key.seq:07d}-{key.part:03d}-{uuid.uuid4().hex[:8]}"
    return f"reports/{key.run_id}/proof/{key.entity}/{place}.json"
