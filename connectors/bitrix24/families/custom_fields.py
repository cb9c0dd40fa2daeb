"""Definitions of custom fields, with the values of enumerations (API facts §5.4).

Every kind of record has a method of its own. What a webhook may not ask of records that it reads is listed as lost, and
costs no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.families.crm import SMART_TYPE
from connectors.bitrix24.listing import Details, Listing
from connectors.bitrix24.raw import note, noted, told
from connectors.bitrix24.readers.details import fetch_details, unread_details, why_unread, with_details
from connectors.bitrix24.readers.following import all_rows
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_LANGUAGE = "ru"
"""Labels come in one language, and only when it is named."""

_SCOPES = ("crm",)
_CONFIG_SCOPES = ("userfieldconfig",)
_TASK_SCOPES = ("task", "tasks")
_USER_SCOPES = ("user.userfield",)


def _named(entity: Json, field: Json) -> str:
    """The source id of a definition. Raises RetryLater for one that does not tell its field."""
    if not field:
        raise RetryLater("source.unexpected_answer", f"a custom field of {entity} without a name")
    return f"{entity}:{field}"


def _classic(kind: str, method: str, scopes: tuple[str, ...], parameters: JsonObject) -> tuple[str, Listing]:
    """One answer; enumerations with their values."""
    return kind, Listing(
        method=method,
        scopes=scopes,
        ascending={},
        descending={},
        fixed=parameters,
        name=lambda row: _named(row.get("ENTITY_ID") or kind, row.get("FIELD_NAME")),
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
        name=lambda row: _named(row.get("entityId") or entity, row.get("fieldName")),
    )


_LABELLED: JsonObject = {"filter": {"LANG": _LANGUAGE}}

CLASSIC: Mapping[str, Listing] = dict(
    (
        _classic("CRM_DEAL", "crm.deal.userfield.list", _SCOPES, _LABELLED),
        _classic("CRM_CONTACT", "crm.contact.userfield.list", _SCOPES, _LABELLED),
        _classic("CRM_COMPANY", "crm.company.userfield.list", _SCOPES, _LABELLED),
        _classic("USER", "user.userfield.list", _USER_SCOPES, _LABELLED),
        # Arguments go by place
        _classic("TASKS_TASK", "task.item.userfield.getlist", _TASK_SCOPES, {"ORDER": {"ID": "ASC"}, "FILTER": {}}),
    )
)


def _values(answer: Json) -> Json:
    return as_list(as_map(as_map(answer).get("field")).get("enum"))


_ENUMERATION = Details("enum", "userfieldconfig.get", lambda number: {"moduleId": "crm", "id": int(number)}, _values)


@dataclass(slots=True)
class CustomFieldReader:
    """A range for each kind of record, named like its fields' entity: ``CRM_DEAL``, ``CRM_37``. See ``Reader``."""

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Kinds of which no webhook may read the records either are left out.

        Raises EntityStopped when no webhook may ask for any of them.
        """
        ways = await self.webhooks.with_scope(*_SCOPES, *_CONFIG_SCOPES, *_USER_SCOPES, *_TASK_SCOPES)
        smart = sorted({int(one.id) for one in await all_rows(extracted, SMART_TYPE)})
        read = [kind for kind, one in CLASSIC.items() if kind == "USER" or any(way.may(*one.scopes) for way in ways)]
        kinds = [*read, *(f"CRM_{number}" for number in smart)]
        return Cut(tuple({"kind": kind, "start": 0} for kind in kinds))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One page of definitions, and the values of the enumerations among them."""
        kind = cursor["kind"]
        try:
            page = await OffsetReader(_listing(kind), self.webhooks).read(cursor, extracted)
        except EntityStopped as error:
            unread = note({"kind": kind, "unreadable": error.reason.code, "message": error.message})
            return SourcePage((), (unread,), None, 1, (Lost(kind, error.reason.code, error.message),))
        raw = (note({"kind": kind}), *page.raw, *await self._values(page.records))
        following = None if page.next is None else {**page.next, "kind": kind}
        records = self.rows(raw)
        coverage = unread_details((_ENUMERATION,), (record.data for record in records))
        return SourcePage(records, raw, following, len(told(raw)), coverage=coverage)

    async def _values(self, records: Sequence[SourceRecord]) -> list[bytes]:
        """The answers with the values of enumerations that came without. One that is denied them keeps the rest."""
        enumerations = [str(row["id"]) for row in _bare([record.data for record in records])]
        if not enumerations:
            return []
        asked = await fetch_details(await self.webhooks.first(*_CONFIG_SCOPES), (_ENUMERATION,), enumerations)
        return [*asked.raw, *why_unread((_ENUMERATION,), asked.refused)]

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The list's answer first, then those with values."""
        if len(raw) == 1:
            return ()
        listed, details = raw[:3], told(raw[3:])
        records = OffsetReader(_listing(noted(raw)["kind"]), self.webhooks).rows(listed)
        with_details((_ENUMERATION,), details, {str(row["id"]): row for row in _bare([one.data for one in records])})
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
