"""What an item of a smart process is made of (API facts §4.8). A feature that is off leaves its fields empty."""

from collections.abc import Sequence

from lab.simulators.bitrix24.crm import words
from lab.simulators.bitrix24.crm.dates import DAY, day_of
from lab.simulators.bitrix24.crm.deals import contact_ids, primary_contact
from lab.simulators.bitrix24.crm.dictionaries import codes
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, Make, universal
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.smart_types import SmartType
from lab.simulators.bitrix24.crm.standard import (
    References,
    created,
    kept,
    one_of,
    parent_fields,
    standard_fields,
    updated,
    utm_fields,
)


def smart_fields(
    kind: SmartType, records: Records, references: References, parents: Sequence[tuple[int, Records]]
) -> tuple[Field, ...]:
    """All but the custom ones."""
    funnels = {funnel.id: funnel for funnel in kind.funnels}
    semantics = {stage.code: stage.semantics or "P" for funnel in kind.funnels for stage in funnel.stages}
    dictionary = kind.funnels[0].dictionary

    def funnel(draw: Draw) -> int:
        return draw.pick("funnel", tuple(funnels))

    stage = kept("stageId", lambda draw: draw.pick("stage", funnels[funnel(draw)].stages).code)

    def field(feature: str, name: str, type_id: str, make: Make, **more: object) -> Field:
        on = kind.has(feature)
        empty: Make = (lambda _draw: []) if more.get("multiple") else (lambda _draw: None)
        return universal(name, type_id, make if on else empty, described=on, **more)

    def contacts(draw: Draw) -> list[int]:
        return contact_ids(draw, references.contacts)

    def begun(draw: Draw) -> int:
        return day_of(created(draw, records) + DAY)

    return (
        *standard_fields(records, references),
        universal("title", "string", lambda draw: f"{draw.pick('title', words.TITLES)} {kind.place}/{draw.id}"),
        universal("xmlId", "string", lambda draw: "" if draw.id % 3 else None),
        universal("categoryId", "crm_category", funnel),
        field("Stages", "stageId", "crm_status", stage, statuses=dictionary),
        field("Stages", "stageSemanticId", "string", lambda draw: semantics[stage(draw)], read_only=True),
        field("Stages", "previousStageId", "crm_status", lambda _draw: "", statuses=dictionary, read_only=True),
        field("Stages", "movedBy", "user", lambda draw: references.user(draw, "mover"), read_only=True),
        field("Stages", "movedTime", "datetime", lambda draw: updated(draw, records), read_only=True),
        field("Client", "companyId", "crm_company", lambda draw: one_of(draw, references.companies, "company", 3)),
        field("Client", "contactId", "crm_contact", lambda draw: primary_contact(draw, references.contacts)),
        field("Client", "contactIds", "crm_contact", contacts, multiple=True),
        field("BeginCloseDates", "begindate", "date", begun),
        field("BeginCloseDates", "closedate", "date", lambda draw: begun(draw) + 7),
        field("LinkWithProducts", "opportunity", "double", lambda draw: draw.number("amount", 900_000) / 100),
        field("LinkWithProducts", "currencyId", "crm_currency", lambda draw: draw.pick("currency", ("RUB", "EUR"))),
        field("LinkWithProducts", "isManualOpportunity", "boolean", lambda draw: draw.one_in("manual", 2)),
        field("LinkWithProducts", "taxValue", "double", lambda _draw: 0.0),
        field("Source", "sourceId", "crm_status", lambda draw: draw.pick("source", codes("SOURCE")), statuses="SOURCE"),
        field("Source", "sourceDescription", "text", lambda draw: draw.pick("note", words.SOURCE_NOTES)),
        field("Mycompany", "mycompanyId", "crm_company", lambda draw: _ours(draw, references)),
        *parent_fields(parents),
        *utm_fields(),
    )


def _ours(draw: Draw, references: References) -> int | None:
    return references.companies.born[0] if references.companies.born and draw.id % 2 else None
