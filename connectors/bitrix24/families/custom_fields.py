"""Definitions of custom fields, with the values of enumerations (API facts §5.4).

Every kind of record has a method of its own. What a webhook may not ask, is listed as lost, and costs no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.families.crm import SMART_TYPE
from connectors.bitrix24.listing import Details, Listing
from connectors.bitrix24.raw import note, noted, told
from connectors.bitrix24.readers.details import fetch_details, with_details
from connectors.bitrix24.readers.following import all_rows
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_LANGUAGE = "ru"
"""Labels come in one language, and only when it is named."""

_SCOPES = ("crm",)
_CONFIG_SCOPES = ("userfieldconfig",)
_TASK_SCOPES = ("task", "tasks")
_USER_SCOPES = ("user.userfield",)


def _classic(method: str, scopes: tuple[str, ...], parameters: JsonObject) -> Listing:
    """One answer; enumerations with their values."""
    return Listing(
        method=method,
        scopes=scopes,
        ascending={},
        descending={},
        fixed=parameters,
        name=lambda row: f"{row['ENTITY_ID']}:{row['FIELD_NAME']}",
    )


def _of_smart_type(entity: str) -> Listing:
    """Pages of 50; enumerations without their values."""
    return Listing(
        method="userfieldconfig.list",
        scopes=_CONFIG_SCOPES,
        ascending={"order": {"id": "ASC"}},
        descending={"order": {"id": "DESC"}},
        id="id",
        wrapper="fields",
        fixed={
            "moduleId": "crm",
            "filter": {"entityId": entity},
            "select": {"0": "*", "language": _LANGUAGE},
        },
        name=lambda row: f"{row['entityId']}:{row['fieldName']}",
    )


_LABELLED: JsonObject = {"filter": {"LANG": _LANGUAGE}}

CLASSIC: Mapping[str, Listing] = {
    "CRM_DEAL": _classic("crm.deal.userfield.list", _SCOPES, _LABELLED),
    "CRM_CONTACT": _classic("crm.contact.userfield.list", _SCOPES, _LABELLED),
    "CRM_COMPANY": _classic("crm.company.userfield.list", _SCOPES, _LABELLED),
    "USER": _classic("user.userfield.list", _USER_SCOPES, _LABELLED),
    # Arguments go by place
    "TASKS_TASK": _classic("task.item.userfield.getlist", _TASK_SCOPES, {"ORDER": {"ID": "ASC"}, "FILTER": {}}),
}


def _values(answer: Json) -> Json:
    return as_list(as_map(as_map(answer).get("field")).get("enum"))


_ENUMERATION = Details("enum", "userfieldconfig.get", lambda number: {"moduleId": "crm", "id": int(number)}, _values)


@dataclass(slots=True)
class CustomFieldReader:
    """A range for each kind of record, named like its fields' entity: ``CRM_DEAL``, ``CRM_37``. See ``Reader``."""

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Raises EntityStopped when no webhook may ask for any of them."""
        await self.webhooks.with_scope(*_SCOPES, *_CONFIG_SCOPES, *_USER_SCOPES, *_TASK_SCOPES)
        smart = sorted({int(one.id) for one in await all_rows(extracted, SMART_TYPE)})
        kinds = [*CLASSIC, *(f"CRM_{number}" for number in smart)]
        return Cut(tuple({"kind": kind, "start": 0} for kind in kinds))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One page of definitions, and the values of the enumerations among them."""
        kind = cursor["kind"]
        try:
            page = await OffsetReader(_listing(kind), self.webhooks).read(cursor, extracted)
        except EntityStopped as error:
            unread = note({"kind": kind, "unreadable": error.reason.code, "message": error.message})
            return SourcePage((), (unread,), None, 1, (Lost(kind, error.reason.code, error.message),))
        raw = [note({"kind": kind}), *page.raw]
        enumerations = [row["id"] for row in _bare([record.data for record in page.records])]
        if enumerations:
            webhook = await self.webhooks.first(*_CONFIG_SCOPES)
            raw += await fetch_details(webhook, (_ENUMERATION,), enumerations)
        following = None if page.next is None else {**page.next, "kind": kind}
        return SourcePage(self.rows(raw), tuple(raw), following, len(told(raw)))

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The list's answer first, then those with values."""
        if len(raw) == 1:
            return ()
        listed, details = raw[:3], told(raw[3:])
        records = OffsetReader(_listing(noted(raw)["kind"]), self.webhooks).rows(listed)
        with_details((_ENUMERATION,), details, {row["id"]: row for row in _bare([one.data for one in records])})
        return records


def _listing(kind: str) -> Listing:
    return CLASSIC.get(kind) or _of_smart_type(kind)


def _bare(rows: Sequence[JsonObject]) -> list[JsonObject]:
    """The enumerations whose values are not in the list."""
    return [row for row in rows if row.get("userTypeId") == "enumeration"]


READERS: Readers = {"custom_field": lambda portal: CustomFieldReader(portal.webhooks)}

NEEDS = (
    *(Need(listing.method, listing.scopes, listing.fixed) for listing in CLASSIC.values()),
    Need("userfieldconfig.list", _CONFIG_SCOPES, _of_smart_type("CRM_DEAL").fixed),
    Need(_ENUMERATION.method, _CONFIG_SCOPES),
)
