"""Reading a page again for the records that it could not give: what the cursor of such a page says, and what counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.engine.archive.cursors import fetched
from shared.model.json import JsonObject
from shared.model.records import Lost, SourcePage, SourceRecord
from shared.ports.stores import Archive

_AGAIN = "$again"

_GONE = "source.not_found"


@dataclass(frozen=True, slots=True)
class Again:
    """Of the page that ``cursor`` leads to, only ``ids`` are wanted; ``attempts`` were made for them before."""

    cursor: JsonObject
    ids: tuple[str, ...]
    attempts: int

    def dump(self) -> JsonObject:
        """The cursor of the new page."""
        return {_AGAIN: {"cursor": self.cursor, "ids": list(self.ids), "attempts": self.attempts}}

    @staticmethod
    def load(cursor: JsonObject) -> "Again | None":
        """What ``dump`` made; None for every other cursor."""
        told = cursor.get(_AGAIN)
        return None if told is None else Again(told["cursor"], tuple(told["ids"]), int(told["attempts"]))

    def records(self, records: Sequence[SourceRecord]) -> tuple[SourceRecord, ...]:
        """Those that are wanted."""
        return tuple(record for record in records if record.id in self.ids)

    def of(self, page: SourcePage) -> SourcePage:
        """The wanted part of a page; it has no next one. What is not there any more is lost."""
        records = self.records(page.records)
        lost = {one.id: one for one in page.lost}
        found = {record.id for record in records}
        message = "the page that it was on does not have it any more"
        missing = [lost.get(one, Lost(one, _GONE, message)) for one in self.ids if one not in found]
        return replace(page, records=records, lost=tuple(missing), next=None)


async def again(archive: Archive, cursor: JsonObject | None) -> Again | None:
    """What the cursor of a page says of reading another one again; None for a page of its own."""
    return Again.load(await fetched(archive, cursor))
