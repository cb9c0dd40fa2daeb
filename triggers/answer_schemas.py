"""The answers of the HTTP API, for the OpenAPI document."""

from typing import Any

from shared.engine.runs.flaws import KINDS
from shared.model.run import RunMode, RunState
from shared.ports.systems import Severity
from shared.transform.coverage import FURTHER, MOST_NAMES
from triggers.problems import STATUS
from triggers.proof_schema import DELETED_AT_SOURCE, VERDICT
from triggers.rollback_schema import FIGURES

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer"}
_PERHAPS_COUNT: Schema = {"type": ["integer", "null"]}
_NUMBER: Schema = {"type": ["number", "null"]}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_PERHAPS_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}
_METHODS: Schema = {
    "type": "object",
    "additionalProperties": _COUNTS,
    "description": "Calls by method and verdict, repeated and refused ones too",
}


def list_of(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _page_of(name: str) -> Schema:
    place = {**_PERHAPS, "description": "What to pass as `after` for the items that follow; null at the end"}
    return _object(items=list_of({"$ref": f"#/components/schemas/{name}"}), next=place)


def _run() -> Schema:
    return _object(
        run_id=_TEXT,
        plan=_TEXT,
        mode={"enum": [mode.value for mode in RunMode]},
        state={"enum": [state.value for state in RunState]},
        started_at=_INSTANT,
        started_by=_TEXT,
        finished_at=_PERHAPS_INSTANT,
        reason=_PERHAPS,
        message=_PERHAPS,
        waiting_on={"enum": ["source", "target", "storage", None]},
        waiting_since=_PERHAPS_INSTANT,
        waiting_reason=_PERHAPS,
        actions={**list_of(_object(action=_TEXT, by=_TEXT, at=_INSTANT)), "description": "Who did what to the run"},
        rolled_back={**list_of(_TEXT), "description": "Entities of which what the run did was undone"},
        options={"type": "object", "additionalProperties": {"type": ["boolean", "number"]}},
    )


def _status() -> Schema:
    run = _run()
    more = _object(
        entities={
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/EntityStatus"},
            "description": "By name, in import order",
        },
        calls=_object(source=_COUNT, target=_COUNT),
        storage_transactions={
            "type": ["integer", "null"],
            "description": "Of the workers on their pages and slices; null where nobody counts",
        },
        source_methods=_METHODS,
        target_methods=_METHODS,
        gates={
            **list_of({"$ref": "#/components/schemas/Gate"}),
            "description": "The plan's gates, once the run has ended; none of a dry run, or after a rollback",
        },
        failures={
            **_object(
                **dict.fromkeys(("attempted", "dead_lettered", "transient", "resolved", "persistent"), _COUNT),
                dead_letter_share={"type": "number"},
                resolved_share=_NUMBER,
            ),
            "description": "Dead letters among the records attempted (those brought to an end, and all that failed: "
            "what could not be read, too); and of failures that may pass, those that went well when they were tried "
            "again",
        },
        rate={**_NUMBER, "description": "Records per second since the start, reading, writing and proving counted"},
        eta_seconds=_NUMBER,
        phase={"enum": ["rollback", None], "description": "What the run is at, where it is not its own work"},
        rollback={**FIGURES, "type": ["object", "null"], "description": "What its last rollback did so far"},
    )
    return _object(**run["properties"], **more["properties"])


def _entity() -> Schema:
    counted = ("extracted", "imported", "created", "updated", "patched", *KINDS)
    ended = ("skipped", "duplicate", "failed", "dead_lettered")
    total = {"type": ["integer", "null"], "description": "null until known"}
    expected = {"type": ["integer", "null"], "description": "The source's own count, as advice"}
    return _object(
        pages=_object(total=total, done=_COUNT),
        archived_only={"type": "boolean", "description": "Whether it is read and kept, and goes nowhere"},
        expected=expected,
        **dict.fromkeys((*counted, *ended), _COUNT)
        | {"made_again": {**_COUNT, "description": "For what they refer to came or went; not among the other counts"}}
        | {"sent_again": {**_COUNT, "description": "Of those made again: they had changed"}}
        | {"imported": {**_COUNT, "description": "In a dry run: what would be imported"}},
        verdict=VERDICT,
        **dict.fromkeys(("verified", "differing", "missing"), _COUNT),
        blocked_by={**_PERHAPS, "description": "The reason that stopped this entity alone"},
        message=_PERHAPS,
        incomplete={**_PERHAPS, "description": "What could not be read of the entities that it follows"},
        since={**_PERHAPS_INSTANT, "description": "From when on a delta reads what changed; null: it is read whole"},
        deleted_at_source=DELETED_AT_SOURCE,
        waiting={
            **_object(pages=_COUNT, until=_INSTANT, reason=_PERHAPS, message=_PERHAPS),
            "type": ["object", "null"],
            "description": "Pages that were put away, and when the first of them goes on; null while none is",
        },
        coverage={**_COUNTS, "description": "How much could be seen, and by whom"},
        undecided={
            **_COUNTS,
            "description": "Source fields that the mapping neither takes over nor ignores, with the number of records "
            f"in which each holds something; {MOST_NAMES} at most are named, the others are counted as `{FURTHER}`",
        },
    )


def _dead_letter() -> Schema:
    told = _object(
        **dict.fromkeys(("id", "run_id", "entity", "source_id", "reason", "message", "cause"), _TEXT),
        attempts={**_COUNT, "description": "Those of before it was requeued included"},
        **dict.fromkeys(("field", "raw_blob", "hint"), _PERHAPS),
        page={**_PERHAPS, "description": "The row of the ledger that gave the record up"},
        needs={**_PERHAPS, "description": "`entity:source id` of the records that it waited for in vain"},
    )
    told["properties"]["id"] = {**_TEXT, "description": "By which it can be requeued"}
    return told


def _requeued() -> Schema:
    return _object(
        requeued={**_PERHAPS_COUNT, "description": "Letters that go again; null: too many to count them at once"},
        waiting={**_PERHAPS_COUNT, "description": "How many of them failed for want of the others, and go with them"},
        runs={**list_of(_TEXT), "description": "Runs that take them up, and end anew"},
        status_url={**_PERHAPS, "description": "That of the first of them"},
        unknown={**list_of(_TEXT), "description": "Ids that no letter has which could go again"},
    )


def _cause() -> Schema:
    return _object(
        **dict.fromkeys(("cause", "entity", "reason", "message", "example_id"), _TEXT),
        count=_COUNT,
        **dict.fromkeys(("field", "hint"), _PERHAPS),
    )


def _flaw() -> Schema:
    refers = {**_PERHAPS, "description": "`entity:source id` of the record that a link leads to, or that was made up"}
    why = {**_PERHAPS, "description": "Why that record failed, or why this one was left out"}
    return _object(
        entity=_TEXT,
        source_id={**_PERHAPS, "description": "null for a placeholder, which no single record asks for"},
        kind={"enum": list(KINDS), "description": "The count of the status that it is part of"},
        field=_PERHAPS,
        message=_TEXT,
        refers_to=refers,
        reason=why,
        hint=_PERHAPS,
    )


def _plan() -> Schema:
    names = list_of(_TEXT)
    orders = ("extract_after", "also_after", "described_by", "requires", "import_after")
    seconds = {"type": "integer", "description": "Seconds"}
    delta = {
        **_object(overlap=seconds, reread=seconds, misses=_PERHAPS),
        "type": ["object", "null"],
        "description": "How far back a delta reads, and what it misses all the same; null: it reads all of it",
    }
    entity = _object(name=_TEXT, **dict.fromkeys(orders, names), archive_only={"type": "boolean"}, delta=delta)
    texts = dict.fromkeys(("plan", "title", "source", "target"), _TEXT)
    return _object(**texts, modes=names, digest=_TEXT, entities=list_of(entity))


def _doctor() -> Schema:
    setting = _object(name=_TEXT, value=_PERHAPS, source=_TEXT)
    check = _object(
        name=_TEXT,
        ok={"type": "boolean"},
        detail=_TEXT,
        fix=_PERHAPS,
        code=_TEXT,
        severity={"enum": [severity.value for severity in Severity]},
        entities=list_of(_TEXT),
    )
    return _object(settings=list_of(setting), checks=list_of(check))


def _problem() -> Schema:
    wrong = list_of(_object(field=_TEXT, message=_TEXT))
    told = _object(type=_TEXT, title=_TEXT, status=_COUNT, detail=_TEXT, code={"enum": list(STATUS)})
    return {**told, "properties": {**told["properties"], "errors": wrong}}


ANSWERS: dict[str, Schema] = {
    "Run": _run(),
    "RunStatus": _status(),
    "EntityStatus": _entity(),
    "Started": _object(run_id=_TEXT, status_url=_TEXT),
    "DeadLetter": _dead_letter(),
    "DeadLetters": _page_of("DeadLetter"),
    "Cause": _cause(),
    "Requeued": _requeued(),
    "Flaw": _flaw(),
    "Flaws": _page_of("Flaw"),
    "Findings": _page_of("ListedFinding"),
    "Plan": _plan(),
    "Doctor": _doctor(),
    "Health": _object(status={"const": "ok"}),
    "Problem": _problem(),
}
"""By the names that the document refers to them with."""
