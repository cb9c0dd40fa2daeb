"""The explanation of a record, for the OpenAPI document."""

from typing import Any

from shared.model.ledger import PageState, Stage
from shared.model.run import RunMode, RunState

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_ANY: Schema = {"description": "A JSON value, masked"}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _perhaps(schema: Schema, description: str) -> Schema:
    return {**schema, "type": ["object", "null"], "description": description}


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


_ID_MAP = _object(
    **dict.fromkeys(("target_id", "checksum", "run_id", "action", "page"), _TEXT),
    imported_at=_INSTANT,
    within={**_PERHAPS, "description": "The parent by which it lies there"},
    made_up={**_FLAG, "description": "Whether it stands for a record that the source has no more"},
)
_RAW = _object(
    **dict.fromkeys(("run_id", "page"), _TEXT),
    **dict.fromkeys(("raw_blob", "rows_blob"), _PERHAPS),
    data=_perhaps(_object(), "The normalised row, masked; null when it is lost"),
)
_STEP = _object(
    **dict.fromkeys(("field", "by"), _TEXT),
    before={"type": "object", "description": "The source fields that it is made of"},
    after={**_ANY, "description": "What the step makes of them, masked; references are `entity:source id`"},
    resolved={**_ANY, "description": "With target ids in place"},
    flaws=_list(_TEXT, "What had to be left out"),
    refused={**_PERHAPS, "description": "Why the record cannot go in; no field is made after that"},
)
_REFERENCE = _object(
    **dict.fromkeys(("entity", "source_id"), _TEXT),
    **dict.fromkeys(("within", "target_id"), _PERHAPS),
    required=_FLAG,
    state={"enum": ["resolved", "missing", "not awaited"]},
)
_FAILURE = _object(reason=_TEXT, message=_TEXT)
_DIFFERENCE = _object(field=_TEXT, expected=_ANY, found=_ANY)
_TARGET = _object(
    found={"type": ["boolean", "null"], "description": "null when the target could not be asked"},
    **dict.fromkeys(("target_id", "checksum"), _PERHAPS),
    same={"type": ["boolean", "null"], "description": "Whether it is what an import would make today"},
    differences=_list(_DIFFERENCE, "Where it is not"),
    error=_perhaps(_FAILURE, "Why it could not be asked"),
)
_LETTER = _object(
    **dict.fromkeys(("run_id", "entity", "source_id", "reason", "message", "cause"), _TEXT),
    attempts=_COUNT,
    **dict.fromkeys(("field", "raw_blob", "page", "needs", "hint"), _PERHAPS),
)
_ROW = _object(
    page=_TEXT,
    stage={"enum": [stage.value for stage in Stage]},
    state={"enum": [state.value for state in PageState]},
    attempts={**_COUNT, "description": "That broke off, or wrote dead letters"},
    **dict.fromkeys(("receipts", "reason"), _PERHAPS),
)
_SIGHTING = _object(
    run_id=_TEXT,
    mode={"enum": [mode.value for mode in RunMode]},
    state={"enum": [state.value for state in RunState]},
    started_at=_INSTANT,
    outcome={**_PERHAPS, "description": "What came of it in that run; null while nothing has"},
    rows=_list(_ROW, "Its slice, and the patch of that"),
    told={"type": "object", "description": "What the receipts say of it: flaws, unresolved links, why it was kept"},
)

_EXPLANATION = _object(
    **dict.fromkeys(("plan", "entity", "source_id"), _TEXT),
    masking={**_TEXT, "description": "What is shown of people's data"},
    complete={**_FLAG, "description": "Whether all of the plan's runs were looked through"},
    id_map=_perhaps(_ID_MAP, "null when it never went in"),
    raw=_perhaps(_RAW, "As the newest run read it; null when none is found that did"),
    steps=_list(_STEP, "How it comes about, by the plan as it is now"),
    references=_list(_REFERENCE, "Records that it refers to"),
    flaws=_list(_TEXT, "What had to be left out of it"),
    checksum={**_PERHAPS, "description": "Of what an import would send today"},
    refused=_perhaps(_object(reason=_TEXT, message=_TEXT, field=_PERHAPS), "Why it cannot go in as it is"),
    target=_TARGET,
    dead_letters=_list(_LETTER, "In which it was given up"),
    history=_list(_SIGHTING, "Runs that read it, the newest first"),
)

SCHEMAS: dict[str, Schema] = {"Explanation": _EXPLANATION}
"""By the names that the document refers to them with."""
