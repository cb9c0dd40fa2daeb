"""Which records go when another one does: those that belong to it, as messages belong to their chat."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.model.idmap import IdMapEntry
from shared.model.plan import Owner
from shared.ports.systems import Extracted
from shared.transform.mapping import Mapping

_KEPT = 2


@dataclass(slots=True)
class Families:
    """Finds the records that belong to some that are gone. What has to be read for it is kept for the last runs.

    Of all that was ever read of an entity, no more is in memory than a page, and the ids of those that go.
    """

    _kept: OrderedDict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = field(default_factory=OrderedDict)

    async def going(
        self, owner: Owner, mapping: Mapping, gone: frozenset[str], entries: Iterable[IdMapEntry], extracted: Extracted
    ) -> list[IdMapEntry]:
        """Those of ``entries`` that belong to records of ``owner`` which are ``gone``. Raises RowsLost."""
        if not gone:
            return []
        if mapping.within == owner.by:  # they lie by it in the id map
            return [one for one in entries if one.within in gone]
        belonging = await self._belonging(mapping.entity, owner, gone, extracted)
        return [one for one in entries if one.source_id in belonging]

    async def _belonging(self, entity: str, owner: Owner, gone: frozenset[str], extracted: Extracted) -> frozenset[str]:
        """Those that belonged to one of the ``gone`` when they were last read."""
        place = (extracted.generation, entity)
        if place not in self._kept or self._kept[place][0] != gone:
            found: set[str] = set()
            for page in (*await extracted.earlier(entity), *await extracted.pages(entity)):
                for record in await extracted.rows(page):
                    (found.add if str(record.data.get(owner.by)) in gone else found.discard)(record.id)
            self._kept[place] = gone, frozenset(found)
        self._kept.move_to_end(place)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[place][1]
