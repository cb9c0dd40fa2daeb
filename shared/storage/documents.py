"""Rows as JSON documents: the form that every backend stores."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from shared.model.idmap import IdMapEntry, Origin
from shared.model.records import DeadLetter
from shared.model.run import Run, RunMode, RunOptions, RunState, Undo

_INSTANTS = ("started_at", "finished_at", "since", "waiting_since", "halted_at", "source_time")


def dump_run(run: Run) -> dict[str, Any]:
    """A run without its etag; instants as ISO text."""
    document = asdict(run)
    del document["etag"]
    for name in _INSTANTS:
        document[name] = document[name].isoformat() if document[name] else None
    return document


def load_run(document: dict[str, Any], etag: str | None) -> Run:
    """The inverse of ``dump_run``."""
    instants = {name: datetime.fromisoformat(document[name]) if document.get(name) else None for name in _INSTANTS}
    typed = {
        "mode": RunMode(document["mode"]),
        "state": RunState(document["state"]),
        "entities": tuple(document["entities"]),
        "options": RunOptions(**document["options"]),
        "actions": tuple(document["actions"]),
        "undo": _undo(document["undo"]) if document.get("undo") else None,
        "undone": tuple(document.get("undone", ())),
        "requeued": tuple(document.get("requeued", ())),
        "remade": tuple(document.get("remade", ())),
        "etag": etag,
    }
    return Run(**{**document, **instants, **typed})


def _undo(document: dict[str, Any]) -> Undo:
    typed = {"entities": tuple(document["entities"]), "state": RunState(document["state"])}
    return Undo(**{**document, **typed})


def dump_entry(entry: IdMapEntry) -> dict[str, Any]:
    """Columns of an id-map row."""
    return {
        "entity_type": entry.entity,
        "source_id": entry.source_id,
        "target_id": entry.target_id,
        "checksum": entry.checksum,
        "imported_at": entry.imported_at.isoformat(),
        "run_id": entry.run_id,
        "action": entry.action,
        "page": entry.page,
        **(
            {"origin": entry.origin.digest, "links": json.dumps(entry.origin.links, ensure_ascii=False)}
            if entry.origin
            else {}
        ),
        **({"within": entry.within} if entry.within is not None else {}),
        **({"altered": True} if entry.altered else {}),
    }


def load_entry(row: dict[str, Any]) -> IdMapEntry:
    """The inverse of ``dump_entry``."""
    return IdMapEntry(
        entity=row["entity_type"],
        source_id=row["source_id"],
        target_id=row["target_id"],
        checksum=row["checksum"],
        imported_at=datetime.fromisoformat(row["imported_at"]),
        run_id=row["run_id"],
        action=row["action"],
        page=row["page"],
        origin=Origin(row["origin"], tuple(orjson.loads(row["links"]))) if "origin" in row else None,
        within=row.get("within"),
        altered=bool(row.get("altered", False)),
    )


def load_letter(row: dict[str, Any]) -> DeadLetter:
    """A dead letter from its columns; others are ignored."""
    names = DeadLetter.__dataclass_fields__
    columns: dict[str, Any] = {name: row.get(name) for name in names}
    return DeadLetter(**columns)
