"""The OpenAPI document of the HTTP API, put together from the same models that check requests."""

from typing import Any

from shared.model.run import RunState
from triggers.run_requests import RunBody

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
            "schemas": {**definitions, "RunBody": body, "Problem": _problem(), "Run": _run()},
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
    start = _operation("Start a run", 202, {"type": "object"}, 400, 404, 409, 413, 503)
    start["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RunBody"}}},
    }
    changes = {
        f"/api/runs/{{run_id}}/{action}": {
            "parameters": [run_id],
            "post": _operation(f"{action.capitalize()} a run", 200, run, 404, 409),
        }
        for action in ("pause", "resume", "cancel")
    }
    return {
        "/api/runs": {
            "post": start,
            "get": {**_operation("Runs, newest first", 200, runs, 400), "parameters": filters},
        },
        "/api/runs/{run_id}": {"parameters": [run_id], "get": _operation("Status of a run", 200, run, 404)},
        **changes,
        "/api/plans": {"get": _operation("All plans", 200, {"type": "array"})},
        "/api/plans/{plan}": {"parameters": [plan], "get": _operation("One plan", 200, {"type": "object"}, 404)},
        "/api/doctor": {"get": _operation("Settings and checks", 200, {"type": "object"})},
        "/api/health": {"get": {**_operation("Takes requests", 200, {"type": "object"}), "security": []}},
    }


def _operation(summary: str, status: int, schema: dict[str, Any], *errors: int) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(status): {"description": summary, "content": {"application/json": {"schema": schema}}}
    }
    for error in errors:
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
            "entities": {"type": "object"},
            "calls": {"type": "object"},
            "rate": {"type": ["number", "null"]},
            "eta_seconds": {"type": ["number", "null"]},
            "waiting_on": {"type": ["string", "null"]},
        },
    }
