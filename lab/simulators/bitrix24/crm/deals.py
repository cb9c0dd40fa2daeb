"""What a deal is made of (API facts §4.7, §4.8)."""

from collections.abc import Sequence

from lab.simulators.bitrix24.crm import words
from lab.simulators.bitrix24.crm.dates import DAY, day_of
from lab.simulators.bitrix24.crm.dictionaries import DEAL_FUNNELS, FAILURE, SUCCESS, codes
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, both, legacy, universal
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.standard import (
    References,
    created,
    kept,
    one_of,
    origin_fields,
    parent_fields,
    standard_fields,
    updated,
)

_STAGES = {funnel.id: funnel.stages for funnel in DEAL_FUNNELS}
_SEMANTICS = {stage.code: stage.semantics or "P" for funnel in DEAL_FUNNELS for stage in funnel.stages}
_FUNNEL_IDS = (0, 0, 0, 1, 9)


def funnel(draw: Draw) -> int:
    """The deal's funnel: it never changes."""
    return draw.pick("funnel", _FUNNEL_IDS)


stage = kept("stageId", lambda draw: draw.pick("stage", _STAGES[funnel(draw)]).code)
"""The deal's stage."""


def contact_ids(draw: Draw, contacts: Records) -> list[int]:
    """The primary one first. One deal in 40 has a contact that nobody can read."""
    if not contacts.born or draw.one_in("no contact", 5):
        return []
    many = (1, 1, 1, 2, 3)[draw.number("contacts", 5)]
    chosen = [contacts.born[draw.number(f"contact {place}", len(contacts.born))] for place in range(many)]
    if draw.one_in("unreadable", 40):
        chosen[-1] = contacts.last_born + 1_000_000 + draw.id
    return list(dict.fromkeys(chosen))


def primary_contact(draw: Draw, contacts: Records) -> int | None:
    """0 or null for none."""
    ids = contact_ids(draw, contacts)
    return ids[0] if ids else (None if draw.id % 3 else 0)


def deal_fields(records: Records, references: References, parents: Sequence[tuple[int, Records]]) -> tuple[Field, ...]:
    """All but the custom ones."""

    def closed(draw: Draw) -> bool:
        return _SEMANTICS[stage(draw)] != "P"

    def begun(draw: Draw) -> int:
        return day_of(created(draw, records) + DAY)

    contacts = kept("contactIds", lambda draw: contact_ids(draw, references.contacts))

    return (
        *standard_fields(records, references),
        both("title", "string", _title),
        both("typeId", "crm_status", lambda draw: draw.pick("type", codes("DEAL_TYPE")), statuses="DEAL_TYPE"),
        both("categoryId", "crm_category", funnel, immutable=True),
        both("stageId", "crm_status", stage, statuses="DEAL_STAGE"),
        both("stageSemanticId", "string", lambda draw: _SEMANTICS[stage(draw)], read_only=True),
        universal("previousStageId", "crm_status", _previous, statuses="DEAL_STAGE", read_only=True),
        both("movedBy", "user", lambda draw: references.user(draw, "mover"), "MOVED_BY_ID", read_only=True),
        both("movedTime", "datetime", kept("updatedTime", lambda draw: updated(draw, records)), read_only=True),
        both("isNew", "boolean", lambda draw: stage(draw).endswith("NEW"), read_only=True),
        both("isRecurring", "boolean", lambda draw: draw.id in records.templates),
        both("isReturnCustomer", "boolean", lambda draw: draw.one_in("return", 4), read_only=True),
        both("isRepeatedApproach", "boolean", lambda _draw: False, read_only=True),
        both("closed", "boolean", closed, read_only=True),
        both("probability", "integer", _probability),
        both("opportunity", "double", _amount),
        both("currencyId", "crm_currency", lambda draw: draw.pick("currency", ("RUB", "RUB", "USD", "EUR"))),
        both("isManualOpportunity", "boolean", lambda draw: bool(draw.number("manual", 3))),
        both("taxValue", "double", lambda _draw: 0.0),
        both("companyId", "crm_company", lambda draw: one_of(draw, references.companies, "company", 3)),
        both("contactId", "crm_contact", lambda draw: primary_contact(draw, references.contacts)),
        both("contactIds", "crm_contact", contacts, multiple=True, unanswered=True),
        both("leadId", "crm_lead", lambda draw: draw.id + 7 if draw.one_in("lead", 6) else None, read_only=True),
        both("quoteId", "crm_quote", lambda _draw: None, read_only=True),
        both("begindate", "date", begun),
        both("closedate", "date", lambda draw: begun(draw) + draw.number("closing", 90) if draw.id % 7 else None),
        both("comments", "text", lambda draw: draw.pick("comments", words.COMMENTS)),
        both("sourceId", "crm_status", lambda draw: draw.pick("source", codes("SOURCE")), statuses="SOURCE"),
        both("sourceDescription", "text", lambda draw: draw.pick("note", words.SOURCE_NOTES)),
        both("additionalInfo", "string", lambda draw: draw.pick("more", words.SOURCE_NOTES)),
        both("locationId", "location", lambda _draw: None),
        universal("mycompanyId", "crm_company", lambda _draw: 0),
        universal("isWon", "boolean", lambda draw: _SEMANTICS[stage(draw)] == SUCCESS, described=False),
        universal("isLose", "boolean", lambda draw: _SEMANTICS[stage(draw)] == FAILURE, described=False),
        *legacy("dateCreateShort", "dateModifyShort", "begindateShort", "closedateShort", "productId", "orderStage"),
        *origin_fields(),
        *parent_fields(parents),
    )


def _title(draw: Draw) -> str:
    if draw.one_in("unnamed", 11):
        return f"Сделка #{draw.id}"
    return f"{draw.pick('title', words.TITLES)} {draw.id}"


def _previous(draw: Draw) -> str:
    return "" if stage(draw).endswith("NEW") else _STAGES[funnel(draw)][0].code


def _probability(draw: Draw) -> int | None:
    return None if draw.one_in("no probability", 3) else draw.number("probability", 101)


def _amount(draw: Draw) -> float:
    if draw.one_in("free", 8):
        return 0.0
    cents = draw.number("cents", 100) if draw.one_in("uneven", 3) else 0
    return draw.number("amount", 2_000_000) + cents / 100
