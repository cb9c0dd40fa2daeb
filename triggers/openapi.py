"""The OpenAPI document of the HTTP API, put together from the same models that check requests."""

from typing import Any

from shared.model.run import RunState
from triggers.preview_schema import preview_schema
from triggers.queries import DEFAULT_PAGE, LARGEST_PAGE
from triggers.run_requests import PreviewBody, RunBody

_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    body = RunBody.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = body.pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portage", "version": "0.1.0"},
        "security": [{"functionKey": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"}},
            "schemas": {
                **definitions,
                "RunBody": body,
                "PreviewBody": PreviewBody.model_json_schema(),
                "Preview": preview_schema(),
                "Problem": _problem(),
                "Run": _run(),
                "DeadLetter": _dead_letter(),
                "Cause": _cause(),
            },
        },
    }


def _paths() -> dict[str, Any]:
    run_id = {"name": "run_id", "in": "path", "required": True, "schema": {"type": "string"}}
    plan = {"name": "plan", "in": "path", "required": True, "schema": {"type": "string"}}
    filters = [
        {"name": "plan", "in": "query", "schema": {"type": "string"}},
        {"name": "state", "in": "query", "schema": {"enum": [state.value for state in RunState]}},
    ]
    run = {"$ref": "#/components/schemas/Run"}
    runs = {"type": "array", "items": run}
    start = _operation("Start a run", 202, {"type": "object"}, 400, 404, 409, 413)
    start["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RunBody"}}},
    }
    changes = {
        f"/api/runs/{{run_id}}/{action}": {
            "parameters": [run_id],
            "post": _operation(f"{action.capitalize()} a run", 200, run, 400, 404, 409),
        }
        for action in ("pause", "resume", "cancel")
    }
    return {
        "/api/runs": {
            "post": start,
            "get": {**_operation("Runs, newest first", 200, runs, 400), "parameters": filters},
        },
        "/api/runs/{run_id}": {"parameters": [run_id], "get": _operation("Status of a run", 200, run, 400, 404)},
        **changes,
        **_dead_letters(),
        "/api/plans": {"get": _operation("All plans", 200, {"type": "array"}, 400)},
        "/api/plans/{plan}": {"parameters": [plan], "get": _operation("One plan", 200, {"type": "object"}, 400, 404)},
        "/api/plans/{plan}/preview": {"parameters": [plan], "post": _previewing()},
        "/api/doctor": {"get": _operation("Settings and checks", 200, {"type": "object"}, 400)},
        "/api/health": {"get": {**_operation("Takes requests", 200, {"type": "object"}), "security": []}},
    }


def _previewing() -> dict[str, Any]:
    answer = {"$ref": "#/components/schemas/Preview"}
    operation = _operation("What a run would do, without writing", 200, answer, 400, 404, 413)
    schema = {"$ref": "#/components/schemas/PreviewBody"}
    return {**operation, "requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}


def _dead_letters() -> dict[str, Any]:
    run_id = {"name": "run_id", "in": "query", "schema": {"type": "string"}}
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE}
    limit = {"name": "limit", "in": "query", "schema": size}
    after = {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "`next` of the page before"}
    letters = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/DeadLetter"}},
            "next": {"type": ["string", "null"]},
        },
    }
    causes = {"type": "array", "items": {"$ref": "#/components/schemas/Cause"}}
    listing = _operation("Records that failed for good, in key order", 200, letters, 400, 404)
    grouping = _operation("Their causes, the most frequent first", 200, causes, 400, 404)
    return {
        "/api/dead-letters": {"get": {**listing, "parameters": [run_id, limit, after]}},
        "/api/dead-letters/causes": {"get": {**grouping, "parameters": [run_id]}},
    }


def _operation(summary: str, status: int, schema: dict[str, Any], *errors: int) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(status): {"description": summary, "content": {"application/json": {"schema": schema}}}
    }
    for error in (*errors, 503):
        answers[str(error)] = {
            "description": "See `code`",
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        }
    answers["401"] = {"description": "The function key is missing or wrong"}
    return {"summary": summary, "responses": answers}


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["title", "status", "detail", "code"],
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object"}},
        },
    }


def _run() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["run_id", "plan", "mode", "state"],
        "properties": {
            "run_id": {"type": "string"},
            "plan": {"type": "string"},
            "mode": {"type": "string"},
            "state": {"enum": [state.value for state in RunState]},
            "entities": {"type": "object", "description": "In a dry run `imported` counts what would be imported"},
            "calls": {"type": "object"},
            "rate": {"type": ["number", "null"]},
            "eta_seconds": {"type": ["number", "null"]},
            "waiting_on": {"type": ["string", "null"]},
            "waiting_since": {"type": ["string", "null"], "format": "date-time"},
            "waiting_reason": {"type": ["string", "null"]},
        },
    }


def _dead_letter() -> dict[str, Any]:
    texts = ("run_id", "entity", "source_id", "reason", "message", "cause")
    return {
        "type": "object",
        "required": [*texts, "attempts"],
        "properties": {
            **{name: {"type": "string"} for name in texts},
            "attempts": {"type": "integer"},
            **{name: {"type": ["string", "null"]} for name in ("field", "raw_blob", "hint")},
        },
    }


def _cause() -> dict[str, Any]:
    texts = ("cause", "entity", "reason", "message", "example_id")
    return {
        "type": "object",
        "required": [*texts, "count"],
        "properties": {
            **{name: {"type": "string"} for name in texts},
            "count": {"type": "integer"},
            **{name: {"type": ["string", "null"]} for name in ("field", "hint")},
        },
    }
