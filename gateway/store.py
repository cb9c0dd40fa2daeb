"""The gateway's memory in SQLite: records with their versions, references, media, and the store's identity."""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.settings import SettingsError

_MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE records (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        entity TEXT NOT NULL,
        source_id TEXT,
        checksum TEXT NOT NULL,
        key TEXT NOT NULL,
        data TEXT NOT NULL,
        run_id TEXT NOT NULL,
        action TEXT NOT NULL,
        email TEXT,
        UNIQUE (entity, source_id)
    );
    CREATE INDEX records_email ON records (email) WHERE email IS NOT NULL;
    CREATE TABLE versions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL,
        entity TEXT NOT NULL,
        source_id TEXT NOT NULL,
        action TEXT NOT NULL,
        before TEXT,
        written TEXT,
        undone INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX versions_run ON versions (run_id, entity, source_id);
    CREATE INDEX versions_record ON versions (entity, source_id, seq);
    CREATE TABLE refs (record INTEGER NOT NULL, entity TEXT NOT NULL, target INTEGER NOT NULL);
    CREATE INDEX refs_record ON refs (record);
    CREATE INDEX refs_target ON refs (entity, target);
    CREATE TABLE media (
        media_id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, checksum TEXT NOT NULL,
        type TEXT NOT NULL
    );
    INSERT INTO sqlite_sequence (name, seq) VALUES ('records', 900000);
    """,
    # Target ids are unique over all entities, so a reference needs no entity.
    """
    DROP INDEX refs_target;
    ALTER TABLE refs DROP COLUMN entity;
    CREATE INDEX refs_target ON refs (target);
    """,
)
_LONGEST_ID = 18
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Record:
    """One stored record. ``source_id`` is None for one that import did not make; ``text`` is its data as JSON."""

    id: int
    entity: str
    source_id: str | None
    checksum: str
    key: str
    text: str
    run_id: str
    action: str

    @property
    def data(self) -> dict[str, Any]:
        """As it was sent."""
        data: dict[str, Any] = orjson.loads(self.text)
        return data

    @property
    def target_id(self) -> str:
        """The id others refer to it by."""
        return str(self.id)


_COLUMNS = "id, entity, source_id, checksum, key, data, run_id, action"


class Store:
    """One connection behind one lock: SQLite has a single writer anyway. What was committed survives a crash."""

    def __init__(self, path: Path) -> None:
        """Open the store, or make it. Raises SettingsError."""
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")  # a client that was told "imported" never sends it again
            self._migrate()
            self.store_id = self._identity()
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"GATEWAY_STORE cannot be opened: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; others wait."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For queries."""
        with self._lock:
            yield self._db

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _migrate(self) -> None:
        done = self._db.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(_MIGRATIONS[done:], start=done + 1):
            self._db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")

    def _identity(self) -> str:
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('store_id', ?)", (uuid.uuid4().hex,))
            return str(db.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()[0])


class NotStored(Exception):
    """One change could not be made; those before it stand."""


@contextmanager
def savepoint(db: sqlite3.Connection) -> Iterator[None]:
    """One change inside a transaction, which an error undoes alone.

    Raises NotStored when the store refused, and sqlite3.Error when it threw the whole transaction away.
    """
    db.execute("SAVEPOINT change")
    try:
        yield
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK TO change")
            db.execute("RELEASE change")
            if isinstance(error, sqlite3.Error):
                raise NotStored from error
        raise
    db.execute("RELEASE change")


def find(db: sqlite3.Connection, entity: str, source_id: str) -> Record | None:
    """A record by its source id."""
    query = f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id = ?"  # noqa: S608  # constants only
    row = db.execute(query, (entity, source_id)).fetchone()
    return _record(row) if row else None


def exists(db: sqlite3.Connection, entities: tuple[str, ...], target_id: str) -> bool:
    """Whether a target id is that of a record of one of the entities (or of a file, for ``media``)."""
    if entities == ("media",):
        return db.execute("SELECT 1 FROM media WHERE media_id = ?", (target_id,)).fetchone() is not None
    number = record_id(target_id)
    row = db.execute("SELECT entity FROM records WHERE id = ?", (number,)).fetchone()
    return row is not None and row[0] in entities


def record_id(target_id: str) -> int:
    """The record a target id stands for; 0, which is no record, for a text that is no target id of ours."""
    plain = target_id.isascii() and target_id.isdecimal() and not target_id.startswith("0")
    return int(target_id) if plain and len(target_id) <= _LONGEST_ID else 0


def after(db: sqlite3.Connection, entity: str, source_id: str, limit: int) -> list[Record]:
    """Imported records in bytewise order of their source ids."""
    query = (
        f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id > ? "  # noqa: S608  # constants only
        "ORDER BY source_id COLLATE BINARY LIMIT ?"
    )
    return [_record(row) for row in db.execute(query, (entity, source_id, limit))]


def foreign_after(db: sqlite3.Connection, entity: str, target_id: int, limit: int) -> list[Record]:
    """Records that import did not make, by target id."""
    query = (
        f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id IS NULL AND id > ? "  # noqa: S608
        "ORDER BY id LIMIT ?"
    )
    return [_record(row) for row in db.execute(query, (entity, target_id, limit))]


def _record(row: tuple[Any, ...]) -> Record:
    return Record(*row)
