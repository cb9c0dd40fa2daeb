"""Changing a record, and remembering what it was before."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.database import Database
from gateway.store import Record, record_id
from gateway.validation import Link


@dataclass(frozen=True, slots=True)
class Version:
    """The content of a record, and the run that brought it."""

    run_id: str
    checksum: str
    key: str
    data: dict[str, Any]


def put(
    db: Database,
    entity: str,
    source_id: str,
    version: Version,
    current: Record | None,
    links: Iterable[Link],
) -> tuple[str, str]:
    """Create or update a record, keep the version before, and note its references. Answers (target id, action)."""
    action = "updated" if current else "created"
    text, email = orjson.dumps(version.data).decode(), version.data.get("email") if entity == "user" else None
    values = (version.checksum, version.key, text, version.run_id, action, email)
    if current:
        query = "UPDATE records SET checksum = ?, key = ?, data = ?, run_id = ?, action = ?, email = ? WHERE id = ?"
        db.execute(query, (*values, current.id))
        number = current.id
    else:
        query = (
            "INSERT INTO records (checksum, key, data, run_id, action, email, entity, source_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
        )
        number = int(db.execute(query, (*values, entity, source_id)).fetchone()[0])
    note(db, version.run_id, entity, source_id, action, current, version.checksum)
    note_references(db, number, links)
    return str(number), action


def note(
    db: Database,
    run_id: str,
    entity: str,
    source_id: str,
    action: str,
    before: Record | None,
    written: str | None,
) -> None:
    """Write into the history what a run did to a record. ``written`` is the checksum of what it left."""
    kept = orjson.dumps(_snapshot(before)).decode() if before else None
    db.execute(
        "INSERT INTO versions (run_id, entity, source_id, action, before, written) VALUES (?, ?, ?, ?, ?, ?)",
        (run_id, entity, source_id, action, kept, written),
    )


def note_references(db: Database, number: int, links: Iterable[Link]) -> None:
    """Write down which records a record refers to."""
    db.execute("DELETE FROM refs WHERE record = ?", (number,))
    rows = [(number, target) for link in links if (target := record_id(link.target_id))]
    db.executemany("INSERT INTO refs VALUES (?, ?)", rows)


def remove(db: Database, number: int) -> None:
    """Take a record away, and with it what it refers to."""
    db.execute("DELETE FROM refs WHERE record = ?", (number,))
    db.execute("DELETE FROM records WHERE id = ?", (number,))


def referrers(db: Database, number: int) -> list[int]:
    """The other records that refer to a record."""
    query = "SELECT DISTINCT record FROM refs WHERE target = ? AND record <> ?"
    return [row[0] for row in db.execute(query, (number, number))]


def email_owner(db: Database, email: str, source_id: str) -> bool:
    """Whether an e-mail belongs to a user other than that of the source id."""
    query = "SELECT 1 FROM records WHERE email = ? AND (source_id IS NULL OR source_id <> ?)"
    return db.execute(query, (email, source_id)).fetchone() is not None


def _snapshot(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "checksum": record.checksum,
        "key": record.key,
        "data": orjson.Fragment(record.text),
        "run_id": record.run_id,
        "action": record.action,
    }
