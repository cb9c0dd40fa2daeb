"""The report of a run as JSON, for the OpenAPI document."""

from typing import Any

from shared.engine.runs.flaws import KINDS
from shared.model.run import RunMode, RunState
from shared.report.arrived import AGAIN, ENDS
from triggers.answer_schemas import ANSWERS
from triggers.cutover_schema import SCHEMAS as CUTOVER

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer"}
_PERHAPS_COUNT: Schema = {"type": ["integer", "null"]}
_NUMBER: Schema = {"type": ["number", "null"], "description": "null: not measured"}
_YES: Schema = {"type": "boolean"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_PERHAPS_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
_OF_RUN: Schema = ANSWERS["RunStatus"]["properties"]
_OF_ENTITY: Schema = ANSWERS["EntityStatus"]["properties"]
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_name(one: Schema) -> Schema:
    return {"type": "object", "additionalProperties": one, "description": "By entity"}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _asked() -> Schema:
    private = _object(option=_TEXT, enabled_by=_TEXT, at=_INSTANT)
    return _object(
        **dict.fromkeys(("run_id", "plan", "title", "plan_digest", "started_by"), _TEXT),
        plan_changed={
            **_YES,
            "description": "Whether the plan is another one now; fields and gates are told as of now",
        },
        mode={"enum": [mode.value for mode in RunMode]},
        state={"enum": [state.value for state in RunState]},
        reason=_PERHAPS,
        message=_PERHAPS,
        entities=_TEXTS,
        options={"type": "object", "additionalProperties": {"type": ["boolean", "number"]}},
        private_data={**_list(private), "description": "Who had Portage read what not everybody may read"},
        since=_PERHAPS_INSTANT,
        reads_since={"type": "object", "additionalProperties": _INSTANT},
        started_at=_INSTANT,
        finished_at=_PERHAPS_INSTANT,
        seconds=_NUMBER,
        actions=_list(_object(action=_TEXT, by=_TEXT, at=_INSTANT)),
        source=_object(system=_TEXT, portal=_PERHAPS),
        target=_object(system=_TEXT, store_id=_PERHAPS),
        rolled_back={**_TEXTS, "description": "Entities that were"},
    )


def _arrived() -> Schema:
    counts = dict.fromkeys(("extracted", *ENDS, "created", "updated", "patched", *AGAIN, "placeholders"), _COUNT)
    counts |= dict.fromkeys(("dead_lettered", "open", "unread"), _COUNT)
    further = {"deleted_at_source": _OF_ENTITY["deleted_at_source"]}
    entity = _object(**counts, **further, expected=_PERHAPS_COUNT, archived_only=_YES, adds_up=_YES)
    meanings = {"type": "object", "additionalProperties": _TEXT, "description": "What each count is, in words"}
    return _object(entities=_by_name(entity), total=_object(**counts), adds_up=_YES, meanings=meanings)


def _fields() -> Schema:
    taken = _object(field=_TEXT, into=_TEXTS)
    entity = _object(
        taken_over=_list(taken),
        ignored=_list(_object(field=_TEXT, reason=_TEXT)),
        undecided=_list(_object(field=_TEXT, records=_COUNT)),
    )
    return {**_by_name(entity), "type": ["object", "null"]}


def _calls() -> tuple[Schema, Schema]:
    methods = _list(_object(method=_TEXT, ok=_COUNT, other=_COUNTS))
    read_only = _object(how=_TEXT, methods=methods, calls=_COUNT, refused_writes=_COUNT)
    effort = _object(
        source=_COUNT,
        target=_COUNT,
        target_methods=methods,
        failures=_OF_RUN["failures"],
    )
    return read_only, effort


def _cost() -> Schema:
    return _object(
        basis={"enum": ["measured", "sampled", "assumed"]},
        currency=_TEXT,
        storage_transactions=_object(
            measured={**_PERHAPS_COUNT, "description": "On pages and slices; null where nobody counted"},
            around_them={**_PERHAPS_COUNT, "description": "Estimated: turns, wake-ups, shares of budgets"},
            around_them_arithmetic=_TEXT,
            at_most={**_COUNT, "description": "What the benchmark allows for so many records in large entities"},
            arithmetic=_TEXT,
        ),
        lines=_list(_object(what=_TEXT, arithmetic=_TEXT, usd=_NUMBER)),
        not_included=_TEXT,
    )


def _cutover() -> Schema:
    told = CUTOVER["Cutover"]["properties"]
    window = _object(began=_PERHAPS_INSTANT, switched=_PERHAPS_INSTANT, finished=_PERHAPS_INSTANT, by=_PERHAPS)
    run = {name: _OF_RUN[name] for name in ("run_id", "mode", "state", "started_at", "finished_at")}
    section = _object(
        **{name: told[name] for name in ("state", "users_work_at", "go", "sheet", "checklist", "events")},
        window=window,
        runs=_list(_object(**run)),
        of_this_run={**_YES, "description": "Whether the run is linked to it"},
    )
    return {**section, "type": ["object", "null"], "description": "null where nobody has begun one for this plan"}


def _report() -> Schema:
    read_only, effort = _calls()
    seen = _object(blocked_by=_PERHAPS, message=_PERHAPS, incomplete=_PERHAPS, coverage=_COUNTS)
    verdicts = {"enum": ["passed", "not_passed", "under_way", "nothing_proven"]}
    return _object(
        version=_COUNT,
        made_at=_INSTANT,
        headline=_object(verdict=verdicts, text=_TEXT),
        asked=_asked(),
        arrived=_arrived(),
        proof=_object(
            sample={"type": "number"},
            passed={"type": ["boolean", "null"]},
            gates=_list(_named("Gate")),
            entities=_by_name(_named("EntityProof")),
        ),
        visibility={**_by_name(seen), "description": "What the source does not show, as far as it tells"},
        fields=_fields(),
        dead_letters=_object(total=_COUNT, causes=_list(_named("Cause")), more_causes=_COUNT),
        flaws=_object(
            counts=_by_name(_object(**dict.fromkeys(KINDS, _COUNT))), items=_list(_named("Flaw")), complete=_YES
        ),
        cutover=_cutover(),
        read_only=read_only,
        calls=effort,
        cost=_cost(),
        sign_off=_object(to_accept=_list(_object(name=_TEXT, text=_TEXT)), afterwards=_TEXTS, signatories=_TEXTS),
    )


SCHEMAS: dict[str, Schema] = {"Report": _report()}
"""By the names that the document refers to them with."""
