"""The answer about a cutover, for the OpenAPI document."""

from typing import Any

from shared.engine.cutover.sheet import Word
from shared.model.cutover import CutoverAction, CutoverState

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_YES: Schema = {"type": "boolean"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(**properties: Schema) -> Schema:
    return {"type": "array", "items": _object(**properties)}


SCHEMAS: dict[str, Schema] = {
    "Cutover": _object(
        plan=_TEXT,
        state={"enum": [one.value for one in CutoverState]},
        users_work_at={"enum": ["source", "target"], "description": "The application flag"},
        go={**_YES, "description": "Whether no line of the sheet speaks against it"},
        sheet=_list(check=_TEXT, says={"enum": [one.value for one in Word]}, detail=_TEXT),
        runs={"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
        checklist=_list(item=_TEXT, what=_TEXT, due={**_INSTANT, "type": ["string", "null"]}, overdue=_YES, done=_YES),
        events=_list(
            action={"enum": [one.value for one in CutoverAction]}, by=_TEXT, at=_INSTANT, about=_PERHAPS, note=_PERHAPS
        ),
    ),
}
"""By the names that the document refers to them with."""
