"""What CRM records refer to: types of smart processes, funnels and dictionaries (API facts §5.2, §5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.families.crm import DEAL, SCOPES, SMART_TYPE
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.raw import note, told
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.details import is_gone
from connectors.bitrix24.readers.following import all_rows
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import JsonObject
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

TYPES = Listing(
    method="crm.type.list",
    scopes=SCOPES,
    ascending={"order": {"id": "ASC"}},
    descending={"order": {"id": "DESC"}},
    id="id",
    filter_id="id",
    wrapper="types",
    filter="filter",
)

# Everything in one answer
STATUSES = Listing(
    method="crm.status.list",
    scopes=SCOPES,
    ascending={"order": {"SORT": "ASC"}},
    descending={"order": {"SORT": "DESC"}},
)

# Everything of a type in one answer
CATEGORIES = Listing(
    method="crm.category.list", scopes=SCOPES, ascending={}, descending={}, id="id", wrapper="categories"
)

_TYPES_AT_ONCE = 3
"""In the published example one takes 15 s (API facts §5.2), and the portal gives a call 60 s."""


def _key(type_id: int | str) -> str:
    """Key of the command for one type."""
    return f"t{type_id}"


def _command(type_id: int) -> Command:
    return CATEGORIES.method, {"entityTypeId": type_id}


@dataclass(slots=True)
class CategoryReader:
    """The funnels of deals and of smart processes, by type. See ``Reader``.

    A type that can have none is refused: it has no rows then. What of a smart process may not be read is lost.
    """

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """A range for a few types."""
        types = [DEAL, *sorted({int(one.data["entityTypeId"]) for one in await all_rows(extracted, SMART_TYPE)})]
        begins = range(0, len(types), _TYPES_AT_ONCE)
        return Cut(tuple({"types": types[begin : begin + _TYPES_AT_ONCE]} for begin in begins))

    async def read(self, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """All types of the range in one call."""
        webhook = await self.webhooks.first(*SCOPES)
        asked = await attempt(webhook, {_key(one): _command(one) for one in cursor["types"]})
        lost = []
        for type_id in cursor["types"]:
            error = asked.refused.get(_key(type_id))
            if error is None or is_gone(error):
                continue
            if type_id == DEAL or error.reason.code == "source.method_missing":
                raise error
            lost.append(Lost(f"{type_id}:all", error.reason.code, f"entityTypeId {type_id}: {error.message}"))
        raw = (note({"types": cursor["types"]}), *asked.raw)
        return SourcePage(self.rows(raw), raw, None, len(asked.raw), tuple(lost))

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """Those of a type that does not tell itself are given it."""
        records = []
        for one in told(raw):
            for key, result in batch_results(one.answer).items():
                number = int(key.removeprefix(_key("")))
                rows = [{"entityTypeId": number, **row} for row in CATEGORIES.rows(result)]
                records += [SourceRecord(f"{number}:{row['id']}", row) for row in rows]
        return tuple(records)


READERS: Readers = {
    SMART_TYPE: lambda portal: KeysetReader(TYPES, portal.webhooks),
    "crm_category": lambda portal: CategoryReader(portal.webhooks),
    "crm_status": lambda portal: OffsetReader(STATUSES, portal.webhooks),
}

NEEDS = (
    Need(TYPES.method, SCOPES, {"start": -1}),
    Need(CATEGORIES.method, SCOPES, {"entityTypeId": DEAL}),
    Need(STATUSES.method, SCOPES, {"filter": {"ENTITY_ID": "DEAL_STAGE"}}),
)
