"""What became of the records of an undo, as blobs: ids, outcomes and reasons, no content."""

import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from shared.engine.undo.rows import step_of
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.records import Undone
from shared.model.run import Run
from shared.ports.stores import Archive, Ledger

NOT_OFFERED = "NOT_OFFERED"
WENT_ALONG = "WENT_ALONG"

HINTS = {
    "LATER_RUN": "A later run changed it: undo that one first.",
    "REFERENCED": "Records that stay refer to it: undo their run, or delete them at the target.",
    "LOCALLY_CHANGED": "Somebody changed it at the target: decide there what becomes of it.",
    NOT_OFFERED: "The target has no way to undo files; nothing shows them any more. Delete them there if you like.",
    WENT_ALONG: "It referred to a record that was undone.",
    "CONFLICT": "Another record holds what the earlier version needs, such as its e-mail address.",
    "TRANSIENT": "The target stumbled over it: undo the run once more.",
}
"""What a reason means, and what a person can do."""

_CACHED = 8


def blob_of(row: PageRow) -> str:
    """Where an attempt's outcomes lie; the ledger says which attempt counts."""
    key = row.key
    place = f"{key.range_no}/{key.entity}/{step_of(row).name.lower()}-{key.seq:07d}-{uuid.uuid4().hex[:8]}.json"
    return f"reports/{key.run_id}/undo/{place}"


def dump(items: Iterable[Undone]) -> bytes:
    """The content of such a blob."""
    return orjson.dumps([asdict(item) for item in items])


def load(content: bytes) -> list[Undone]:
    """The inverse of ``dump``."""
    return [Undone(**item) for item in orjson.loads(content)]


def counted(items: Iterable[Undone]) -> Counts:
    """Records by outcome."""
    found = Counter(item.outcome for item in items)
    return Counts(restored=found["restored"], deleted=found["deleted"], kept=found["kept"], failed=found["failed"])


@dataclass(slots=True)
class KeptIds:
    """The records of an entity that an undo kept as they are, for all workers of a process."""

    archive: Archive
    ledger: Ledger
    _seen: OrderedDict[tuple[str, int, str], frozenset[str]] = field(default_factory=OrderedDict)

    async def of(self, run: Run, entity: str) -> frozenset[str]:
        """Source ids; asked when the passes over the entity are over, and the same from then on."""
        place = (run.run_id, run.undos, entity)
        if place not in self._seen:
            rows = await self.ledger.scan(run.run_id, entity=entity, stage=Stage.UNDO)
            pages = [row for row in rows if row.key.range_no == run.undos and _has_kept(row)]
            self._seen[place] = frozenset(await self._read(pages))
        while len(self._seen) > _CACHED:
            self._seen.popitem(last=False)
        return self._seen[place]

    async def _read(self, pages: Sequence[PageRow]) -> list[str]:
        contents = [await self.archive.get(page.receipts or "") for page in pages]
        return [item.source_id for content in contents for item in load(content) if item.outcome == "kept"]


def _has_kept(row: PageRow) -> bool:
    passed = step_of(row).phase is not None
    return passed and row.state is PageState.DONE and row.counts.kept > 0
