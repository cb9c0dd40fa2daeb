"""Which records go when another one does: those that belong to it, as messages belong to their chat."""

from collections import OrderedDict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from shared.engine.archive.extracted import ExtractedRows
from shared.model.idmap import IdMapEntry
from shared.model.plan import Owner
from shared.transform.mapping import Mapping

_KEPT = 2


@dataclass(slots=True)
class Families:
    """Finds the records that belong to some that are gone. What has to be read for it is kept for the last runs."""

    _kept: OrderedDict[tuple[str, str], dict[str, str]] = field(default_factory=OrderedDict)

    async def going(
        self, owner: Owner, mapping: Mapping, gone: Set[str], entries: Iterable[IdMapEntry], extracted: ExtractedRows
    ) -> list[IdMapEntry]:
        """Those of ``entries`` that belong to records of ``owner`` which are ``gone``. Raises RowsLost."""
        if not gone:
            return []
        if mapping.within == owner.by:  # they lie by it in the id map
            return [one for one in entries if one.within in gone]
        found = []
        for one in entries:
            told = await self._owners(one.entity, owner, extracted)
            if told.get(one.source_id) in gone:
                found.append(one)
        return found

    async def _owners(self, entity: str, owner: Owner, extracted: ExtractedRows) -> dict[str, str]:
        """By record: what it belonged to when it was last read."""
        place = (extracted.run.run_id, entity)
        if place not in self._kept:
            told: dict[str, str] = {}
            for page in (*await extracted.earlier(entity), *await extracted.pages(entity)):
                for record in await extracted.rows(page):
                    told[record.id] = str(record.data.get(owner.by))
            self._kept[place] = told
        self._kept.move_to_end(place)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[place]
