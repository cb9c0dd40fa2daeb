"""What the gateway lacks of what records are going to hold (contract §4, ``import.schema.check``)."""

from collections.abc import Awaitable, Callable, Sequence

from connectors.import_gateway.methods import SCHEMA_CHECK
from connectors.import_gateway.receipts import unexpected
from connectors.import_gateway.refusals import NotOffered
from shared.model.json import Json, JsonObject
from shared.model.records import SchemaNeeds
from shared.ports.systems import Check, Severity

_MOST_NAMED = 20
_CREATE = "Create it in the target, or "


async def check_schema(ask: Callable[[str, JsonObject], Awaitable[Json]], needs: SchemaNeeds) -> list[Check]:
    """One check that is well when nothing is missing, else one for each kind of what is.

    Custom fields are listed by somebody who wants them, and records without a required code are refused: blockers.
    """
    codes = {field: list(some) for field, some in needs.codes.items()}
    try:
        answer = await ask(SCHEMA_CHECK, {"entity": needs.entity, "custom": list(needs.custom), "codes": codes})
    except NotOffered:
        detail = f"the gateway does not offer {SCHEMA_CHECK}: nobody knows whether it takes custom fields and codes"
        fix = f"Enable {SCHEMA_CHECK} in the gateway"
        return [_lack(needs, "schema", detail, fix, "target.schema_unchecked", Severity.WARNING)]
    missing = answer.get("missing") if isinstance(answer, dict) else None
    if not isinstance(missing, list) or not all(isinstance(one, str) for one in missing):
        raise unexpected("what is missing is not a list of texts")
    return _findings(needs, missing) or [_well(needs)]


def _findings(needs: SchemaNeeds, missing: Sequence[str]) -> list[Check]:
    """The contract does not say how a code is told: with or without its field."""
    fields = [one for one in missing if one in needs.custom]
    codes = {told: field for field, some in needs.codes.items() for code in some for told in (code, f"{field}:{code}")}
    required = [one for one in missing if one not in fields and codes.get(one) in needs.required]
    optional = [one for one in missing if one not in fields and one in codes and codes[one] not in needs.required]
    others = [one for one in missing if one not in fields and one not in codes]
    found = [
        (fields, "custom fields", "leave it out in the table custom_fields", "target.field_missing", Severity.BLOCKER),
        (required, "codes", "correct the table codes", "target.code_missing", Severity.BLOCKER),
        (optional, "optional codes", "correct the table codes", "target.code_missing", Severity.WARNING),
        (others, "schema", "see what the gateway means by it", "target.schema_differs", Severity.WARNING),
    ]
    return [
        _lack(needs, what, f"the target lacks {_named(names)} of {needs.entity}", _CREATE + instead, code, severity)
        for names, what, instead, code, severity in found
        if names
    ]


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _lack(needs: SchemaNeeds, what: str, detail: str, fix: str, code: str, severity: Severity) -> Check:
    return Check(f"gateway {what} for {needs.entity}", False, detail, fix, code, severity, (needs.entity,))


def _well(needs: SchemaNeeds) -> Check:
    codes = sum(map(len, needs.codes.values()))
    detail = f"{len(needs.custom)} custom fields and {codes} codes are known"
    return Check(f"gateway schema for {needs.entity}", True, detail, entities=(needs.entity,))
