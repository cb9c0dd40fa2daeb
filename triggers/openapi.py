"""The OpenAPI document of the HTTP API, put together from the same models that check requests."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from shared.engine.runs.flaws import KINDS
from shared.model.run import RunState
from shared.telemetry.prometheus import CONTENT_TYPE
from triggers.answer_schemas import ANSWERS, list_of
from triggers.cutover_schema import SCHEMAS as CUTOVERS
from triggers.preview_schema import preview_schema
from triggers.problems import STATUS
from triggers.proof_schema import SCHEMAS as PROOFS
from triggers.queries import DEFAULT_PAGE, LARGEST_PAGE
from triggers.record_schema import SCHEMAS as RECORDS
from triggers.report_schema import SCHEMAS as REPORTS
from triggers.rollback_schema import SCHEMAS as ROLLBACKS
from triggers.run_requests import (
    IDEMPOTENCY_KEY,
    CutoverBody,
    PreviewBody,
    RequeueBody,
    ResumeBody,
    RollbackBody,
    RunBody,
)

_BODIES: tuple[type[BaseModel], ...] = (RunBody, ResumeBody, PreviewBody, RequeueBody, RollbackBody, CutoverBody)
_TEXT = {"type": "string"}
_PLACE = "`next` of the page before"

_NAME_OF_REQUEST = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
    "description": "Name of the request, new for each: sent again after a lost answer, it begins no second run",
}

_ABOUT = """\
Migrations: plans, runs, and what came of them. An error is a problem document (RFC 9457) whose `code` tells what is
wrong; `errors` names single fields. A route answers 405 METHOD_NOT_ALLOWED to methods that it does not take, with those
that it takes in `Allow`. Unknown parameters and members are refused, and so are control characters in texts.
"""


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portage", "version": "0.1.0", "description": _ABOUT},
        "security": [{"functionKey": []}, {"functionKeyInQuery": []}],
        "paths": {**_runs(), **_dead_letters(), **_plans(), **_records(), **_service()},
        "components": {
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code"},
            },
            "schemas": {
                **_bodies(),
                "Preview": preview_schema(),
                **ROLLBACKS,
                **CUTOVERS,
                **RECORDS,
                **PROOFS,
                **REPORTS,
                **ANSWERS,
            },
        },
    }


def _bodies() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for model in _BODIES:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**schema.pop("$defs", {}), model.__name__: schema}
    return schemas


def _runs() -> dict[str, Any]:
    run_id = _in_path("run_id")
    filters = [_in_query("plan"), _in_query("state", {"enum": [state.value for state in RunState]}), *_paging()]
    narrowing = [_in_query("entity"), _in_query("kind", {"enum": list(KINDS)}), *_paging()]
    started = _operation(
        "Start a run",
        _ref("Started"),
        "FLAG_DISABLED",
        "UNKNOWN_PLAN",
        "RUN_ALREADY_ACTIVE",
        "TARGET_CHANGED",
        "TOO_LARGE",
        "KEY_REUSED",
        status=202,
    )
    started["responses"]["202"]["headers"] = {"Location": {"description": "URL of its status", "schema": _TEXT}}
    started["responses"]["200"] = {**started["responses"]["202"], "description": "A request of this name has begun it"}
    started["parameters"] = [_NAME_OF_REQUEST]
    resumed = _operation(
        "Go on with a paused or halted run",
        _ref("Run"),
        "UNKNOWN_RUN",
        "INVALID_STATE",
        "RUN_ALREADY_ACTIVE",
        "TARGET_CHANGED",
        "TOO_LARGE",
    )
    paused = _operation("Stop working on a run for now", _ref("Run"), "UNKNOWN_RUN", "INVALID_STATE", "TOO_LARGE")
    cancelled = _operation(
        "End a run for good; what went in stays", _ref("Run"), "UNKNOWN_RUN", "INVALID_STATE", "TOO_LARGE"
    )
    listed = _operation("Runs, newest first", list_of(_ref("Run")))
    listed["responses"]["200"]["headers"] = {"Link": {"description": "The page that follows, if any", "schema": _TEXT}}
    proof = _operation("What the target has, held against the source", _ref("Proof"), "UNKNOWN_RUN")
    findings = _operation("All that a proof found, entity by entity", _ref("Findings"), "UNKNOWN_RUN")
    reported = _operation(
        "All there is to say about a run; JSON where `Accept` prefers it", _ref("Report"), "UNKNOWN_RUN"
    )
    reported["responses"]["200"]["content"]["text/html"] = {"schema": _TEXT}
    flaws = _operation("What lacks of records though nothing failed", _ref("Flaws"), "UNKNOWN_RUN")
    return {
        "/api/runs": {"post": _taking(started, RunBody, required=True), "get": {**listed, "parameters": filters}},
        "/api/runs/{run_id}": {
            "parameters": [run_id],
            "get": _operation("Status of a run", _ref("RunStatus"), "UNKNOWN_RUN"),
        },
        "/api/runs/{run_id}/proof": {"parameters": [run_id], "get": proof},
        "/api/runs/{run_id}/proof/findings": {
            "parameters": [run_id],
            "get": {**findings, "parameters": [_in_query("entity"), *_paging()]},
        },
        "/api/runs/{run_id}/report": {"parameters": [run_id], "get": reported},
        "/api/runs/{run_id}/flaws": {"parameters": [run_id], "get": {**flaws, "parameters": narrowing}},
        "/api/runs/{run_id}/pause": {"parameters": [run_id], "post": paused},
        "/api/runs/{run_id}/resume": {"parameters": [run_id], "post": _taking(resumed, ResumeBody)},
        "/api/runs/{run_id}/cancel": {"parameters": [run_id], "post": cancelled},
        "/api/runs/{run_id}/rollback": {"parameters": [run_id], **_rollback()},
    }


def _rollback() -> dict[str, Any]:
    summary = "What undoing a run would take; with the token of that answer, its beginning"
    refused = ("UNKNOWN_RUN", "INVALID_STATE", "TOKEN_STALE", "RUN_ALREADY_ACTIVE", "TARGET_CHANGED", "TOO_LARGE")
    asked = _operation(summary, _ref("RollbackPreview"), *refused)
    begun = _operation("It has begun", _ref("Started"), status=202)["responses"]["202"]
    begun["headers"] = {"Location": {"description": "URL of the run's status", "schema": _TEXT}}
    asked["responses"]["202"] = begun
    told = _operation("What the last rollback did, and what it left", _ref("Rollback"), "UNKNOWN_RUN", "INVALID_STATE")
    return {"post": _taking(asked, RollbackBody), "get": {**told, "parameters": _paging()}}


def _dead_letters() -> dict[str, Any]:
    run_id = _in_query("run_id")
    listing = _operation("Records that failed for good, in key order", _ref("DeadLetters"), "UNKNOWN_RUN")
    requeued = _operation(
        "Have the records of dead letters done again, by today's mappings",
        _ref("Requeued"),
        "UNKNOWN_RUN",
        "RUN_ALREADY_ACTIVE",
        "TARGET_CHANGED",
        "INVALID_STATE",
        "TOO_LARGE",
        status=202,
    )
    only_told = "Nothing to do, or `dry_run`: what would be done"
    requeued["responses"]["200"] = {**requeued["responses"]["202"], "description": only_told}
    grouping = _operation("Their causes, the most frequent first", list_of(_ref("Cause")), "UNKNOWN_RUN")
    return {
        "/api/dead-letters": {"get": {**listing, "parameters": [run_id, *_paging()]}},
        "/api/dead-letters/requeue": {"post": _taking(requeued, RequeueBody, required=True)},
        "/api/dead-letters/causes": {"get": {**grouping, "parameters": [run_id]}},
    }


def _plans() -> dict[str, Any]:
    plan = _in_path("plan")
    cutover = _operation("Whether to switch to the target, and what is left to do", _ref("Cutover"), "UNKNOWN_PLAN")
    refused = ("UNKNOWN_PLAN", "UNKNOWN_RUN", "INVALID_STATE", "TOO_LARGE")
    acted = _operation("Begin the read-only window, link a run, switch, end or cancel it", _ref("Cutover"), *refused)
    previewed = _operation("What a run would do, without writing", _ref("Preview"), "UNKNOWN_PLAN", "TOO_LARGE")
    return {
        "/api/plans": {"get": _operation("All plans", list_of(_ref("Plan")))},
        "/api/plans/{plan}": {"parameters": [plan], "get": _operation("One plan", _ref("Plan"), "UNKNOWN_PLAN")},
        "/api/plans/{plan}/cutover": {
            "parameters": [plan],
            "get": cutover,
            "post": _taking(acted, CutoverBody, required=True),
        },
        "/api/plans/{plan}/preview": {"parameters": [plan], "post": _taking(previewed, PreviewBody)},
    }


def _records() -> dict[str, Any]:
    path = [_in_path("plan"), _in_path("entity"), _in_path("source_id")]
    parent = {**_in_query("within"), "description": "Its parent, of a record that lies by it; else it is looked for"}
    told = _operation("The life of one record", _ref("Explanation"), "UNKNOWN_PLAN", "UNKNOWN_RECORD")
    return {"/api/records/{plan}/{entity}/{source_id}": {"parameters": path, "get": {**told, "parameters": [parent]}}}


def _service() -> dict[str, Any]:
    health = _operation("Takes requests", _ref("Health"), open_to_all=True)
    metrics = _operation(
        "What the process that answers counts and measures, for Prometheus", _TEXT, media_type=CONTENT_TYPE
    )
    dashboard = _operation("A page for people; it asks this API", _TEXT, media_type="text/html", open_to_all=True)
    return {
        "/api/dashboard": {"get": {**dashboard, "security": []}},
        "/api/doctor": {"get": _operation("Settings with their sources, and every system tried", _ref("Doctor"))},
        "/api/health": {"get": {**health, "security": []}},
        "/api/metrics": {"get": metrics},
        "/api/openapi.json": {"get": _operation("This document", {"type": "object"})},
    }


def _operation(
    summary: str,
    schema: dict[str, Any],
    *codes: str,
    status: int = 200,
    media_type: str = "application/json",
    open_to_all: bool = False,
) -> dict[str, Any]:
    """``codes`` are its problems besides those that every route may answer with."""
    usual = (
        ("NOT_CONFIGURED", "UNAVAILABLE", "INTERNAL")
        if open_to_all
        else ("INVALID_REQUEST", "NOT_CONFIGURED", "UNAVAILABLE", "INTERNAL")
    )
    answers: dict[str, Any] = {str(status): {"description": summary, "content": {media_type: {"schema": schema}}}}
    if not open_to_all:
        answers["401"] = {"description": "The function key is missing or wrong"}
    return {"summary": summary, "responses": {**answers, **_problems((*usual, *codes))}}


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS[code], []).append(code)
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {
        str(status): {"description": ", ".join(found), "content": content}
        for status, found in sorted(by_status.items())
    }


def _taking(operation: dict[str, Any], body: type[BaseModel], *, required: bool = False) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref(body.__name__)}}
    return {**operation, "requestBody": {"required": required, "content": content}}


def _paging() -> list[dict[str, Any]]:
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE}
    return [_in_query("limit", size), {**_in_query("after"), "description": _PLACE}]


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _in_query(name: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or _TEXT}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
