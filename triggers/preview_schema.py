"""The answer of a preview, for the OpenAPI document."""

from typing import Any

from shared.ports.systems import Severity

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_COUNT: dict[str, Any] = {"type": ["integer", "null"]}
_HOURS: dict[str, Any] = {"type": "number"}


def preview_schema() -> dict[str, Any]:
    """JSON Schema of ``composition.preview``'s answer."""
    return _object(
        plan={"type": "string"},
        entities=_list_of(_entity()),
        totals=_totals(),
        findings=_list_of(_finding()),
        webhooks=_list_of({"type": "object"}),
        modules=_list_of({"type": "object"}),
        target={"type": ["object", "null"], "description": "What the target says of itself"},
    )


def _entity() -> dict[str, Any]:
    return _object(
        name={"type": "string"},
        count={**_COUNT, "description": "null when only reading tells it; count_note says why"},
        count_note=_TEXT,
        estimated={"type": "boolean", "description": "Extrapolated from a sample"},
        calls={**_COUNT, "description": "HTTP calls to the source"},
        target_calls={**_COUNT, "description": "Calls that write; null for what is not written"},
        proof_calls={**_COUNT, "description": "Calls to the target that read it back at the end of the run"},
    )


def _totals() -> dict[str, Any]:
    return _object(
        records={"type": "integer"},
        source_calls={"type": "integer"},
        target_calls={"type": "integer"},
        proof_calls={"type": "integer"},
        hours={**_HOURS, "description": "The longer of source_hours and target_hours: both sides work at once"},
        source_hours=_HOURS,
        target_hours=_HOURS,
        media_bytes=_COUNT,
        media_files=_COUNT,
        media_note=_TEXT,
        stored_bytes={**_COUNT, "description": "Raw answers and rows in storage, without files"},
        incomplete={**_list_of({"type": "string"}), "description": "Entities that the totals know too little of"},
    )


def _finding() -> dict[str, Any]:
    severity = {"enum": [severity.value for severity in Severity]}
    concerned = {**_list_of({"type": "string"}), "description": "Those that it concerns; empty for all"}
    return _object(
        severity=severity, code={"type": "string"}, message={"type": "string"}, fix=_TEXT, entities=concerned
    )


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
