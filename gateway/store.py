"""The gateway's memory: records with their versions, references, media, and the store's identity."""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.database import Database
from gateway.settings import SettingsError
from gateway.sqlite import SqliteDatabase

_LONGEST_ID = 18


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
    """One connection behind one lock: there is a single writer anyway."""

    def __init__(self, url: str) -> None:
        """Open the store at ``sqlite:///path`` or ``postgresql://…``, or make it. Raises SettingsError."""
        self._lock = threading.RLock()
        self._db = _opened(url)
        self.store_id = self._identity()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All or nothing; others wait."""
        with self._lock:
            self._db.begin()
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """For queries."""
        with self._lock:
            yield self._db

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    def _identity(self) -> str:
        with self.transaction() as db:
            db.execute("INSERT INTO meta VALUES ('store_id', ?) ON CONFLICT (name) DO NOTHING", (uuid.uuid4().hex,))
            return str(db.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()[0])


def _opened(url: str) -> Database:
    try:
        if url.startswith("sqlite:///"):
            return SqliteDatabase(Path(url.removeprefix("sqlite:///")))
        from gateway.postgres import PostgresDatabase  # noqa: PLC0415  # its driver is not needed for a file

        return PostgresDatabase(url)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"GATEWAY_STORE cannot be opened: {error}") from None
    except Exception as error:  # the driver's own; its message may quote the address, which holds a password
        raise SettingsError(f"GATEWAY_STORE cannot be opened: {type(error).__name__}") from None


class NotStored(Exception):
    """One change could not be made; those before it stand."""


@contextmanager
def savepoint(db: Database) -> Iterator[None]:
    """One change inside a transaction, which an error undoes alone.

    Raises NotStored when the store refused, and its own error when it threw the whole transaction away.
    """
    db.execute("SAVEPOINT change")
    try:
        yield
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK TO change")
            db.execute("RELEASE change")
            if isinstance(error, db.failures):
                raise NotStored from error
        raise
    db.execute("RELEASE change")


def find(db: Database, entity: str, source_id: str) -> Record | None:
    """A record by its source id."""
    query = f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id = ?"  # noqa: S608  # constants only
    row = db.execute(query, (entity, source_id)).fetchone()
    return _record(row) if row else None


def exists(db: Database, entities: tuple[str, ...], target_id: str) -> bool:
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


def after(db: Database, entity: str, source_id: str, limit: int) -> list[Record]:
    """Imported records in bytewise order of their source ids."""
    query = (
        f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id > ? "  # noqa: S608  # constants only
        "ORDER BY source_id LIMIT ?"
    )
    return [_record(row) for row in db.execute(query, (entity, source_id, limit))]


def foreign_after(db: Database, entity: str, target_id: int, limit: int) -> list[Record]:
    """Records that import did not make, by target id."""
    query = (
        f"SELECT {_COLUMNS} FROM records WHERE entity = ? AND source_id IS NULL AND id > ? "  # noqa: S608
        "ORDER BY id LIMIT ?"
    )
    return [_record(row) for row in db.execute(query, (entity, target_id, limit))]


def _record(row: tuple[Any, ...]) -> Record:
    return Record(*row)
