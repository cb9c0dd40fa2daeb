"""The gateway's database in a file: SQLite."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from gateway.database import Rows

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
_PATIENCE_SECONDS = 2.0


class SqliteDatabase:
    """A file of its own. Texts are compared bytewise."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises OSError or sqlite3.Error."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # a client that was told "imported" never sends it again
        self._migrate()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Run one statement."""
        return self._db.execute(query, values)

    def executemany(self, query: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one statement for each row of values."""
        self._db.executemany(query, rows)

    def begin(self) -> None:
        """Others wait."""
        self._db.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _migrate(self) -> None:
        done = self._db.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(_MIGRATIONS[done:], start=done + 1):
            self._db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
