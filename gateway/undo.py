"""Taking back: deletion by the client, and rollback of a run in two phases (contract §4)."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from gateway.errors import CallError
from gateway.reading import entity_of
from gateway.store import Record, Store, find
from gateway.writes import note_references, snapshot

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Undo:
    """Deletes and restores."""

    store: Store

    def delete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Lists ``deleted``, ``missing``, ``failed``; a record that others refer to stays."""
        entity, run_id, items = entity_of(body), body.get("run_id"), body.get("items")
        if not isinstance(run_id, str) or not run_id or not isinstance(items, list):
            raise CallError("MALFORMED", "expected run_id and a list of items")
        answer: dict[str, list[dict[str, Any]]] = {"deleted": [], "missing": [], "failed": []}
        with self.store.transaction() as db:
            for item in items:
                source_id = item.get("source_id") if isinstance(item, dict) else None
                record = find(db, entity.name, str(source_id))
                if record is None:
                    answer["missing"].append({"source_id": source_id})
                elif _is_referenced(db, record):
                    answer["failed"].append({"source_id": source_id, "code": "REFERENCED"})
                else:
                    _note(db, run_id, record)
                    _remove(db, record)
                    answer["deleted"].append({"source_id": source_id, "target_id": record.target_id})
        return answer

    def rollback(self, body: dict[str, Any]) -> dict[str, Any]:
        """One page of one phase: restore what the run changed, or delete what it created."""
        entity, run_id, phase = entity_of(body), body.get("run_id"), body.get("phase")
        position, limit = body.get("after") or "", body.get("limit", _MOST)
        if not isinstance(run_id, str) or phase not in ("restore", "delete") or not isinstance(position, str):
            raise CallError("MALFORMED", "expected run_id, phase restore or delete, and after as text")
        if not isinstance(limit, int) or not 0 < limit <= _MOST:
            raise CallError("MALFORMED", f"limit must be from 1 to {_MOST}")
        query = (
            "SELECT DISTINCT source_id FROM versions WHERE run_id = ? AND entity = ? AND source_id > ? "
            "ORDER BY source_id LIMIT ?"
        )
        with self.store.transaction() as db:
            ids = [row[0] for row in db.execute(query, (run_id, entity.name, position, limit))]
            outcomes = [self._one(db, entity.name, run_id, phase, source_id) for source_id in ids]
        items = [outcome for outcome in outcomes if outcome]
        return {"items": items, "next": ids[-1] if len(ids) == limit else None}

    def _one(
        self, db: sqlite3.Connection, entity: str, run_id: str, phase: str, source_id: str
    ) -> dict[str, Any] | None:
        query = (
            "SELECT seq, run_id, before, written, undone FROM versions WHERE entity = ? AND source_id = ? ORDER BY seq"
        )
        versions = db.execute(query, (entity, source_id)).fetchall()
        ours = [version for version in versions if version[1] == run_id]
        before = json.loads(ours[0][2]) if ours[0][2] else None
        if (before is not None) != (phase == "restore"):
            return None
        done = {"source_id": source_id, "outcome": "restored" if before else "deleted", "reason": None}
        if ours[0][4]:
            return done
        record = find(db, entity, source_id)
        if reason := _reason_to_keep(db, record, versions, ours, deleting=before is None):
            return {"source_id": source_id, "outcome": "kept", "reason": reason}
        if before is not None:
            _restore(db, entity, source_id, before, record)
        elif record is not None:
            _remove(db, record)
        db.execute(
            "UPDATE versions SET undone = 1 WHERE run_id = ? AND entity = ? AND source_id = ?",
            (run_id, entity, source_id),
        )
        return done


def _reason_to_keep(
    db: sqlite3.Connection,
    record: Record | None,
    versions: list[tuple[Any, ...]],
    ours: list[tuple[Any, ...]],
    *,
    deleting: bool,
) -> str | None:
    last = ours[-1]
    if any(version[0] > last[0] and version[1] != last[1] and not version[4] for version in versions):
        return "LATER_RUN"
    if record is not None and record.checksum != last[3]:
        return "LOCALLY_CHANGED"
    if deleting and record is not None and _is_referenced(db, record):
        return "REFERENCED"
    return None


def _restore(
    db: sqlite3.Connection, entity: str, source_id: str, before: dict[str, Any], record: Record | None
) -> None:
    data = before["data"]
    email = data.get("email") if entity == "user" else None
    values = (before["checksum"], before["key"], json.dumps(data), before["run_id"], before["action"], email)
    if record is not None:
        query = "UPDATE records SET checksum = ?, key = ?, data = ?, run_id = ?, action = ?, email = ? WHERE id = ?"
        db.execute(query, (*values, record.id))
    else:
        query = (
            "INSERT INTO records (checksum, key, data, run_id, action, email, id, entity, source_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        db.execute(query, (*values, before["id"], entity, source_id))
    note_references(db, before["id"], entity, data)


def _note(db: sqlite3.Connection, run_id: str, record: Record) -> None:
    db.execute(
        "INSERT INTO versions (run_id, entity, source_id, action, before) VALUES (?, ?, ?, 'deleted', ?)",
        (run_id, record.entity, record.source_id, json.dumps(snapshot(record))),
    )


def _remove(db: sqlite3.Connection, record: Record) -> None:
    db.execute("DELETE FROM refs WHERE record = ?", (record.id,))
    db.execute("DELETE FROM records WHERE id = ?", (record.id,))


def _is_referenced(db: sqlite3.Connection, record: Record) -> bool:
    query = "SELECT 1 FROM refs WHERE entity = ? AND target = ? AND record <> ?"
    return db.execute(query, (record.entity, record.id, record.id)).fetchone() is not None
