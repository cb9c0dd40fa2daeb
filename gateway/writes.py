"""Write calls: items one by one in order, each with its own outcome (contract §2)."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from gateway.entities import ENTITIES, Entity
from gateway.errors import CallError
from gateway.store import Record, Store, exists, find
from gateway.validation import Invalid, Link, links, validate

_ITEM_KEYS = {"source_id": str, "idempotency_key": str, "checksum": str, "data": dict}


@dataclass(slots=True)
class Answer:
    """The four lists; every item is in exactly one. ``ignored`` counts fields the gateway does not know."""

    imported: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    duplicate: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    ignored: int = 0

    def body(self) -> dict[str, Any]:
        """As it is answered."""
        return {
            "imported": self.imported,
            "skipped": self.skipped,
            "duplicate": self.duplicate,
            "failed": self.failed,
        }


class _Failed(Exception):
    def __init__(self, code: str, field_name: str | None, reason: str) -> None:
        super().__init__(reason)
        self.entry = {"code": code, "field": field_name, "reason": reason, "retryable": code == "TRANSIENT"}


@dataclass(frozen=True, slots=True)
class Writer:
    """Applies batches to the store."""

    store: Store
    strict: bool
    max_text: int

    def apply(self, entity: Entity, body: dict[str, Any]) -> Answer:
        """Raises CallError MALFORMED when the call has another shape."""
        run_id, items = body.get("run_id"), body.get("items")
        if not isinstance(run_id, str) or not run_id or not isinstance(items, list):
            raise CallError("MALFORMED", "expected run_id, batch_id and a list of items")
        answer = Answer()
        seen: set[str] = set()
        with self.store.transaction() as db:
            for item in items:
                self._item(db, entity, run_id, item, seen, answer)
        return answer

    def _item(
        self, db: sqlite3.Connection, entity: Entity, run_id: str, item: Any, seen: set[str], answer: Answer
    ) -> None:
        source_id = item.get("source_id") if isinstance(item, dict) else None
        try:
            self._check_shape(item, seen)
            self._write(db, entity, run_id, item, answer)
        except _Failed as failure:
            answer.failed.append({"source_id": source_id, **failure.entry})

    def _check_shape(self, item: Any, seen: set[str]) -> None:
        if not isinstance(item, dict):
            raise _Failed("VALIDATION", None, "an item must be an object")
        for name, kind in _ITEM_KEYS.items():
            if not isinstance(item.get(name), kind) or not item.get(name):
                raise _Failed("VALIDATION", name, f"{name} is missing or of another type")
        source_id = item["source_id"]
        if source_id in seen:
            raise _Failed("VALIDATION", "source_id", "the same source_id twice in a call")
        seen.add(source_id)
        if not item["idempotency_key"].endswith(f":{item['checksum']}"):
            raise _Failed("VALIDATION", "idempotency_key", "the key must end with a colon and the checksum")
        if checksum(item["data"]) != item["checksum"]:
            raise _Failed("VALIDATION", "checksum", "the checksum is not that of the data")

    def _write(self, db: sqlite3.Connection, entity: Entity, run_id: str, item: dict[str, Any], answer: Answer) -> None:
        source_id, data = item["source_id"], item["data"]
        try:
            answer.ignored += validate(entity, data, strict=self.strict, max_text=self.max_text)
        except Invalid as invalid:
            raise _Failed("VALIDATION", invalid.field, str(invalid)) from None
        current = find(db, entity.name, source_id)
        if current is not None and current.key == item["idempotency_key"]:
            answer.duplicate.append(_duplicate(current))
            return
        if current is not None and current.checksum == item["checksum"]:
            answer.skipped.append({"source_id": source_id, "target_id": current.target_id, "reason": "unchanged"})
            return
        references = list(links(entity, data))
        _check_references(db, references)
        _check_email(db, entity, source_id, data)
        stored = put(db, entity.name, source_id, run_id, item["checksum"], item["idempotency_key"], data, current)
        answer.imported.append({"source_id": source_id, "target_id": stored.target_id, "action": stored.action})


def checksum(data: dict[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form; empty for data that has none."""
    try:
        return hashlib.sha256(rfc8785.dumps(data)).hexdigest()
    except (rfc8785.CanonicalizationError, ValueError):
        return ""


def put(
    db: sqlite3.Connection,
    entity: str,
    source_id: str,
    run_id: str,
    digest: str,
    key: str,
    data: dict[str, Any],
    current: Record | None,
) -> Record:
    """Create or update a record, keep the version before, and note its references."""
    text, email = json.dumps(data, ensure_ascii=False), data.get("email") if entity == "user" else None
    action = "updated" if current else "created"
    values = (digest, key, text, run_id, action, email)
    if current:
        query = "UPDATE records SET checksum = ?, key = ?, data = ?, run_id = ?, action = ?, email = ? WHERE id = ?"
        db.execute(query, (*values, current.id))
        number = current.id
    else:
        query = (
            "INSERT INTO records (checksum, key, data, run_id, action, email, entity, source_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        number = int(db.execute(query, (*values, entity, source_id)).lastrowid or 0)
    before = json.dumps(snapshot(current)) if current else None
    db.execute(
        "INSERT INTO versions (run_id, entity, source_id, action, before, written) VALUES (?, ?, ?, ?, ?, ?)",
        (run_id, entity, source_id, action, before, digest),
    )
    note_references(db, number, entity, data)
    return Record(number, entity, source_id, digest, key, data, run_id, action)


def snapshot(record: Record) -> dict[str, Any]:
    """What is needed to bring this version back."""
    return {
        "id": record.id,
        "checksum": record.checksum,
        "key": record.key,
        "data": record.data,
        "run_id": record.run_id,
        "action": record.action,
    }


def note_references(db: sqlite3.Connection, number: int, entity: str, data: dict[str, Any]) -> None:
    """Write down what a record refers to."""
    db.execute("DELETE FROM refs WHERE record = ?", (number,))
    rows = [
        (number, link.entity, int(link.target_id))
        for link in links(ENTITIES[entity], data)
        if link.target_id.isdecimal()
    ]
    db.executemany("INSERT INTO refs VALUES (?, ?, ?)", rows)


def _check_references(db: sqlite3.Connection, references: list[Link]) -> None:
    for link in references:
        known = link.entity in ENTITIES or link.entity == "media"
        if known and not exists(db, link.entity, link.target_id):
            raise _Failed("REFERENCE", link.path, f"{link.path} {link.target_id} does not exist")


def _check_email(db: sqlite3.Connection, entity: Entity, source_id: str, data: dict[str, Any]) -> None:
    if entity.name != "user":
        return
    query = "SELECT 1 FROM records WHERE entity = 'user' AND email = ? AND source_id IS NOT ?"
    if db.execute(query, (data["email"], source_id)).fetchone():
        raise _Failed("CONFLICT", "email", "the e-mail belongs to another user")


def _duplicate(current: Record) -> dict[str, Any]:
    return {
        "source_id": current.source_id,
        "target_id": current.target_id,
        "action": current.action,
        "run_id": current.run_id,
        "reason": "key already applied",
    }
