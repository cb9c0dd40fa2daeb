"""Companies, contacts, deals and the items of smart processes, all by ``crm.item.list`` (API facts §4.8, §5.3)."""

from collections.abc import Sequence

from connectors.bitrix24.listing import Changed, Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.parts import Parts, PartsReader
from connectors.bitrix24.readers.reader import Need, Readers
from shared.model.records import SourceRecord

SCOPES = ("crm",)
METHOD = "crm.item.list"
DEAL, CONTACT, COMPANY = 2, 3, 4
SMART_TYPE, SMART_ITEM = "smart_process_type", "smart_process_item"
_ENTITIES = {DEAL: "deal", CONTACT: "contact", COMPANY: "company"}


def items(type_id: int) -> Listing:
    """The records of one ``entityTypeId``. Only ``*`` brings phones and e-mails; custom fields keep their codes."""
    return Listing(
        method=METHOD,
        scopes=SCOPES,
        ascending={"order": {"id": "ASC"}},
        descending={"order": {"id": "DESC"}},
        id="id",
        filter_id="id",
        wrapper="items",
        filter="filter",
        fixed={"entityTypeId": type_id, "select": ["*"], "useOriginalUfNames": "Y"},
        changed=Changed(_ENTITIES.get(type_id, SMART_ITEM), ">=updatedTime"),
        id_alone={"select": ["id"]},
    )


class DealReader(KeysetReader):
    """Deals without the templates that recurring ones are made of, should the portal list them (API facts §9.8)."""

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``Reader.rows``."""
        return tuple(record for record in KeysetReader.rows(self, raw) if record.data.get("isRecurring") != "Y")


SMART_ITEMS = Parts(parents=SMART_TYPE, key="entityTypeId", listing=items)

READERS: Readers = {
    "company": lambda portal: KeysetReader(items(COMPANY), portal.webhooks),
    "contact": lambda portal: KeysetReader(items(CONTACT), portal.webhooks),
    "deal": lambda portal: DealReader(items(DEAL), portal.webhooks),
    SMART_ITEM: lambda portal: PartsReader(SMART_ITEMS, portal.webhooks),
}

NEEDS = (
    Need(METHOD, SCOPES, {"entityTypeId": DEAL, "select": ["id"], "start": -1}),
    Need("crm.item.get", SCOPES),  # whether one is deleted
)
