"""Reading back: count, read, list, schema check (contract §4)."""

from dataclasses import dataclass
from typing import Any

from gateway.entities import ENTITIES, Entity
from gateway.errors import CallError
from gateway.store import Record, Store, after, find, foreign_after

_MOST_READ = 100
_MOST_LISTED = 1000
_FOREIGN = "\x00foreign:"


@dataclass(frozen=True, slots=True)
class Reader:
    """Answers questions about what is stored."""

    store: Store

    def count(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{"count", "foreign"}``."""
        entity = entity_of(body)
        with self.store.reading() as db:
            query = "SELECT count(source_id), count(*) - count(source_id) FROM records WHERE entity = ?"
            ours, foreign = db.execute(query, (entity.name,)).fetchone()
        return {"count": ours, "foreign": foreign}

    def read(self, body: dict[str, Any]) -> dict[str, Any]:
        """Records by source ids, at most 100."""
        entity, ids = entity_of(body), body.get("source_ids")
        if not isinstance(ids, list) or len(ids) > _MOST_READ or not all(isinstance(one, str) for one in ids):
            raise CallError("MALFORMED", f"expected a list of at most {_MOST_READ} source_ids")
        with self.store.reading() as db:
            found = [record for one in ids if (record := find(db, entity.name, one))]
        return {"items": [{**_line(record), "data": record.data} for record in found]}

    def list(self, body: dict[str, Any]) -> dict[str, Any]:
        """A page in order of source ids, foreign records last. ``next`` is null on the last page."""
        entity, position, limit = entity_of(body), body.get("after") or "", body.get("limit", _MOST_LISTED)
        if not isinstance(position, str) or not isinstance(limit, int) or not 0 < limit <= _MOST_LISTED:
            raise CallError("MALFORMED", f"expected after as text and limit from 1 to {_MOST_LISTED}")
        with self.store.reading() as db:
            records = [] if position.startswith(_FOREIGN) else after(db, entity.name, position, limit)
            if len(records) < limit:
                last = int(position.removeprefix(_FOREIGN)) if position.startswith(_FOREIGN) else 0
                records += foreign_after(db, entity.name, last, limit - len(records))
        end = records[-1] if len(records) == limit else None
        following = (end.source_id or f"{_FOREIGN}{end.id}") if end else None
        return {"items": [_line(record) for record in records], "next": following}

    def schema_check(self, body: dict[str, Any]) -> dict[str, Any]:
        """Custom fields and codes that the target lacks; this gateway takes them all."""
        entity_of(body)
        return {"missing": []}


def entity_of(body: dict[str, Any]) -> Entity:
    """The entity a call names. Raises CallError MALFORMED."""
    entity = ENTITIES.get(str(body.get("entity")))
    if entity is None:
        raise CallError("MALFORMED", f"entity must be one of {', '.join(ENTITIES)}")
    return entity


def _line(record: Record) -> dict[str, Any]:
    return {"source_id": record.source_id, "target_id": record.target_id, "checksum": record.checksum}
