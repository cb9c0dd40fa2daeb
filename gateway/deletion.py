"""Deletion by the client (contract §4)."""

from dataclasses import dataclass
from typing import Any

from gateway.database import Database
from gateway.entities import Entity
from gateway.items import Failed, source_id_of
from gateway.reading import entity_of
from gateway.store import NotStored, Store, find, savepoint
from gateway.versions import note, referrers, remove
from gateway.writes import call_of

Answer = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Deleter:
    """Takes imported records away, in such a way that a rollback can bring them back."""

    store: Store

    def delete(self, body: dict[str, Any]) -> Answer:
        """Lists ``deleted``, ``missing``, ``failed``; a record that others refer to stays (``REFERENCED``)."""
        entity, (run_id, items) = entity_of(body), call_of(body)
        answer: Answer = {"deleted": [], "missing": [], "failed": []}
        with self.store.transaction() as db:
            for raw in items:
                try:
                    with savepoint(db):
                        _delete(db, entity, run_id, raw, answer)
                except Failed as failure:
                    answer["failed"].append(failure.entry(raw))
                except NotStored:
                    answer["failed"].append(Failed("TRANSIENT", None, "it could not be deleted now").entry(raw))
        return answer


def _delete(db: Database, entity: Entity, run_id: str, raw: Any, answer: Answer) -> None:
    source_id = source_id_of(raw)
    if source_id is None:
        raise Failed("VALIDATION", "source_id", "source_id is missing or of another type")
    record = find(db, entity.name, source_id)
    if record is None:
        answer["missing"].append({"source_id": source_id})
        return
    if referrers(db, record.id):
        raise Failed("REFERENCED", None, "other records refer to it")
    note(db, run_id, entity.name, source_id, "deleted", record, None)
    remove(db, record.id)
    answer["deleted"].append({"source_id": source_id, "target_id": record.target_id})
