"""The answers about rollbacks, for the OpenAPI document."""

from typing import Any

from shared.engine.undo.outcomes import HINTS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_NAMES: Schema = {"type": "array", "items": _TEXT}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _by_entity(**counts: Schema) -> Schema:
    return {"type": "object", "additionalProperties": _object(**counts), "description": "By name, in import order"}


FIGURES: Schema = _object(
    entities=_by_entity(**dict.fromkeys(("restored", "deleted", "kept", "failed"), _COUNT)),
    steps={**_object(total=_COUNT, done=_COUNT), "description": "Calls and slices that are known by now"},
    began_at={**_PERHAPS, "format": "date-time"},
    ended_at={**_PERHAPS, "format": "date-time", "description": "null while it is at work"},
)

_PREVIEW = _object(
    run_id=_TEXT,
    entities=_by_entity(
        created=_COUNT,
        updated=_COUNT,
        deleted=_COUNT,
        placeholders={**_COUNT, "description": "Records that were made up for others, of all such entities"},
        open_slices={**_COUNT, "description": "Slices that nobody completed: what went in of them is not counted"},
    ),
    whole={"type": "boolean", "description": "Whether the run is rolled back then; else it stays what it is"},
    stays={**_NAMES, "description": "Entities that the target cannot undo: their records are kept"},
    may_go_along={**_NAMES, "description": "Others that may refer to what goes: such records go, too"},
    later={**_NAMES, "description": "Runs that may have written since, the newest first: undo them before"},
    token={**_TEXT, "description": "Confirms exactly this"},
    expires_at=_INSTANT,
)

_RECORD = _object(
    entity=_TEXT,
    source_id={**_PERHAPS, "description": "null where a whole part of the entity could not be done"},
    outcome={"enum": ["kept", "failed", "deleted"], "description": "Deleted ones went along with what they refer to"},
    reason={**_PERHAPS, "description": f"One of {', '.join(HINTS)}, or a code of another list"},
    hint=_PERHAPS,
)

SCHEMAS: dict[str, Schema] = {
    "RollbackPreview": _PREVIEW,
    "Rollback": _object(
        run_id=_TEXT,
        under_way={"type": "boolean"},
        entities=FIGURES["properties"]["entities"],
        steps=FIGURES["properties"]["steps"],
        began_at=FIGURES["properties"]["began_at"],
        ended_at=FIGURES["properties"]["ended_at"],
        items={"type": "array", "items": {"$ref": "#/components/schemas/RollbackRecord"}},
        next={**_PERHAPS, "description": "What to pass as `after` for the items that follow; null at the end"},
    ),
    "RollbackRecord": _RECORD,
}
"""By the names that the document refers to them with."""
