"""The gateway's store over restarts and versions of itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.database import Database
from gateway.settings import SettingsError
from gateway.store import NotStored, Store, find, savepoint

INSERT = (
    "INSERT INTO records (entity, source_id, checksum, key, data, run_id, action) "
    "VALUES ('user', ?, '', '', '{}', '', '')"
)


def _insert(db: Database, *source_ids: str) -> None:
    with savepoint(db):
        for source_id in source_ids:
            db.execute(INSERT, (source_id,))


def _insert_and_lose(store: Store) -> None:
    with store.transaction() as db:
        db.execute(INSERT, ("1",))
        db.execute("ROLLBACK")
        db.execute("nonsense")


def test_a_store_of_the_first_form_is_brought_up_to_date_and_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    first = Store(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP INDEX refs_target")
        db.execute("DROP TABLE refs")
        db.execute("CREATE TABLE refs (record INTEGER NOT NULL, entity TEXT NOT NULL, target INTEGER NOT NULL)")
        db.execute("CREATE INDEX refs_target ON refs (entity, target)")
        db.execute("INSERT INTO refs VALUES (900002, 'user', 900001)")
        db.execute(INSERT, ("1",))
        db.execute("PRAGMA user_version = 1")
    first.close()
    again = Store(f"sqlite:///{path}")
    assert again.store_id == first.store_id
    with again.reading() as db:
        assert db.execute("SELECT record, target FROM refs").fetchall() == [(900002, 900001)]
        assert find(db, "user", "1")
    again.close()


def test_an_error_undoes_its_own_change_only(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 's.db'}")
    with store.transaction() as db:
        _insert(db, "1")
        with pytest.raises(NotStored):
            _insert(db, "2", "1")
        _insert(db, "3")
    with store.reading() as db:
        assert [one for one in "123" if find(db, "user", one)] == ["1", "3"]
    store.close()


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 's.db'}")
    with pytest.raises(sqlite3.Error):
        _insert_and_lose(store)
    with store.transaction() as db:
        db.execute(INSERT, ("2",))
    with store.reading() as db:
        assert [one for one in "12" if find(db, "user", one)] == ["2"]
    store.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is text, not a database, whatever its name says" * 100)
    with pytest.raises(SettingsError):
        Store(f"sqlite:///{tmp_path / 'x.db'}")
