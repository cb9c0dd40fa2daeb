"""Undoing what one run did, in two phases (contract §4)."""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.database import Database
from gateway.doomed import Doomed
from gateway.entities import ENTITIES, Entity
from gateway.errors import CallError
from gateway.history import History
from gateway.paging import cut, page_of
from gateway.reading import entity_of
from gateway.store import NotStored, Record, Store, find, savepoint
from gateway.validation import links
from gateway.versions import email_owner, note_references, referrers, remove


@dataclass(frozen=True, slots=True)
class Rollback:
    """Restores what a run changed, then deletes what it created."""

    store: Store

    def page(self, body: dict[str, Any]) -> dict[str, Any]:
        """One page of one phase; the same call again has the same outcome. Raises CallError MALFORMED."""
        entity, run_id, phase, (after, limit) = entity_of(body), body.get("run_id"), body.get("phase"), page_of(body)
        if not isinstance(run_id, str) or not run_id or phase not in ("restore", "delete"):
            raise CallError("MALFORMED", "expected run_id, and phase restore or delete")
        query = (
            "SELECT DISTINCT source_id FROM versions WHERE run_id = ? AND entity = ? AND source_id > ? "
            "ORDER BY source_id LIMIT ?"
        )
        with self.store.transaction() as db:
            found = [row[0] for row in db.execute(query, (run_id, entity.name, after, limit + 1))]
            ids, following = cut(found, limit, str)
            page = _Page(db, entity, run_id, Doomed(db, run_id))
            items = [outcome for one in ids if (outcome := page.undo(one, restoring=phase == "restore"))]
        return {"items": items, "next": following}


@dataclass(frozen=True, slots=True)
class _Page:
    db: Database
    entity: Entity
    run_id: str
    doomed: Doomed

    def undo(self, source_id: str, *, restoring: bool) -> dict[str, Any] | None:
        """What became of one record; None when it is the other phase's."""
        history = History.of(self.db, self.entity.name, source_id, self.run_id)
        if history is None or history.created == restoring:
            return None
        outcome, reason = "restored" if restoring else "deleted", None
        if not history.undone:
            record = find(self.db, self.entity.name, source_id)
            try:
                with savepoint(self.db):
                    reason = self._restore(history, record) if restoring else self._delete(history, record)
            except NotStored:
                reason = "TRANSIENT"
        if reason:
            outcome = "failed" if reason in ("CONFLICT", "TRANSIENT") else "kept"
        return {"source_id": source_id, "outcome": outcome, "reason": reason}

    def _delete(self, history: History, record: Record | None) -> str | None:
        if record is None and not history.later:
            history.close(self.db)
            return None
        if reason := history.reason_to_keep(record):
            return reason
        if record is None:
            return None
        together = self.doomed.with_referrers(record.id)
        if together is None:
            return "REFERENCED"
        for number, its_history in together.items():
            its_history.close(self.db)
            remove(self.db, number)
        return None

    def _restore(self, history: History, record: Record | None) -> str | None:
        if reason := history.reason_to_keep(record):
            return reason
        before = orjson.loads(history.before or "")
        data, email = before["data"], None
        if self.entity.name == "user":
            email = data["email"]
            if email_owner(self.db, email, history.source_id):
                return "CONFLICT"
        if record is not None and record.id != before["id"] and referrers(self.db, record.id):
            return "REFERENCED"  # it was deleted and made anew: others know it by its new target id
        if record is not None:
            remove(self.db, record.id)
        query = (
            "INSERT INTO records (id, entity, source_id, checksum, key, data, run_id, action, email) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        text = orjson.dumps(data).decode()
        version = (before["checksum"], before["key"], text, before["run_id"], before["action"], email)
        self.db.execute(query, (before["id"], self.entity.name, history.source_id, *version))
        note_references(self.db, before["id"], links(ENTITIES[self.entity.name], data))
        history.close(self.db)
        return None
