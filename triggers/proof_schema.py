"""The answers about proofs, for the OpenAPI document."""

from typing import Any

from shared.engine.proof.findings import KINDS
from shared.engine.proof.proofs import FIGURES
from shared.engine.runs.verdicts import Outcome, Verdict
from shared.model.run import RunMode, RunState

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer"}
_PERHAPS_COUNT: Schema = {"type": ["integer", "null"]}
_VALUE: Schema = {"type": ["boolean", "number", "null"]}
_GATES: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Gate"}}

VERDICT: Schema = {
    "enum": [*(one.value for one in Verdict), None],
    "description": "What the proof says; null while it is not through, and where there is none",
}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


DELETED_AT_SOURCE: Schema = {
    **_object(**dict.fromkeys(("compared", "gone", "unseen", "deleted", "held", "kept"), _COUNT)),
    "description": "Of the records that went in: those that the source has no more (`gone`) or does not show "
    "though they may be there (`unseen`); and of those that are gone, how many were deleted at the target, "
    "held back because they are too many, or kept because others refer to them",
}

_GATE = _object(
    gate=_TEXT,
    result={"enum": [one.value for one in Outcome]},
    wanted=_VALUE,
    found={**_VALUE, "description": "null where nothing was looked at, or there was nothing to be found"},
    detail=_TEXT,
)

_SHOWN: Schema = {**_PERHAPS, "description": "Numbers, flags and codes as they are; of texts how they begin, a digest"}

_FINDING = _object(
    kind={"enum": list(KINDS)},
    source_id={**_PERHAPS, "description": "null where the source has nothing to do with it"},
    target_id=_PERHAPS,
    message=_TEXT,
    field=_PERHAPS,
    expected=_SHOWN,
    found=_SHOWN,
)

_LISTED: Schema = {
    **_FINDING,
    "required": ["entity", *_FINDING["required"]],
    "properties": {"entity": _TEXT, **_FINDING["properties"]},
}

_FIGURES = _object(
    **dict.fromkeys(FIGURES, _COUNT),
    expected={**_PERHAPS_COUNT, "description": "The source's own count, as advice"},
    counted={**_PERHAPS_COUNT, "description": "What the target counts; null where it did not say"},
    listed={**_PERHAPS_COUNT, "description": "What the target lists; null where it was not asked"},
)

_ENTITY = _object(
    verdict=VERDICT,
    reasons={"type": "array", "items": _TEXT, "description": "Why figures could not be verified"},
    coverage={
        "type": "object",
        "additionalProperties": _COUNT,
        "description": "How much of the source could be seen, and by whom",
    },
    figures=_FIGURES,
    deleted_at_source=DELETED_AT_SOURCE,
    findings={"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
    more={**_COUNT, "description": "How many findings there are besides; the list of findings has them all"},
)

_PROOF = _object(
    run_id=_TEXT,
    plan=_TEXT,
    mode={"enum": [mode.value for mode in RunMode]},
    state={"enum": [state.value for state in RunState]},
    finished_at={**_PERHAPS, "format": "date-time"},
    rolled_back={"type": "array", "items": _TEXT, "description": "Entities of which what the run did was undone"},
    sample={"type": "number", "description": "Share of the records that were made anew, field by field"},
    passed={
        "type": ["boolean", "null"],
        "description": "Whether no gate stands against it; null while the run works, and where it looked at nothing",
    },
    gates=_GATES,
    entities={
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/EntityProof"},
        "description": "By name, in import order; none of a dry run, which proves nothing",
    },
)

SCHEMAS: dict[str, Schema] = {
    "Gate": _GATE,
    "Finding": _FINDING,
    "ListedFinding": _LISTED,
    "EntityProof": _ENTITY,
    "Proof": _PROOF,
}
"""By the names that the document refers to them with."""
