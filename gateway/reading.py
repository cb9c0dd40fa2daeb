"""Reading back: count, read, list, schema check (contract §4)."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.entities import ENTITIES, Entity
from gateway.errors import CallError
from gateway.paging import cut, page_of
from gateway.store import Record, Store, after, find, foreign_after

_MOST_READ = 100
# No source id begins like this: it would not be printable.
_FOREIGN = re.compile(r"\x7fforeign:([0-9]{1,18})")


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
        """Records by source ids, at most 100, in the order of the question."""
        entity, ids = entity_of(body), body.get("source_ids")
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise CallError("MALFORMED", "expected a list of source_ids")
        if len(ids) > _MOST_READ:
            raise CallError("BATCH_TOO_LARGE", f"a call may ask for {_MOST_READ} source_ids")
        with self.store.reading() as db:
            known = (one for one in dict.fromkeys(ids) if "\0" not in one)  # no id holds it
            found = [record for one in known if (record := find(db, entity.name, one))]
        return {"items": [{**_line(record), "data": orjson.Fragment(record.text)} for record in found]}

    def list(self, body: dict[str, Any]) -> dict[str, Any]:
        """A page in order of source ids, foreign records last. ``next`` is null on the last page."""
        entity, (position, limit) = entity_of(body), page_of(body)
        among_foreign = _FOREIGN.fullmatch(position)
        with self.store.reading() as db:
            found = [] if among_foreign else after(db, entity.name, position, limit + 1)
            last = int(among_foreign.group(1)) if among_foreign else 0
            found += foreign_after(db, entity.name, last, limit + 1 - len(found))
        records, following = cut(found, limit, _position)
        return {"items": [_line(record) for record in records], "next": following}

    def schema_check(self, body: dict[str, Any]) -> dict[str, Any]:
        """Custom fields and codes that the target lacks.

        It takes any, where the entity has a field for them, but for the choices that the contract names.
        """
        entity, custom, codes = entity_of(body), body.get("custom") or [], body.get("codes") or {}
        if not _texts(custom) or not isinstance(codes, dict) or not all(map(_texts, codes.values())):
            raise CallError("MALFORMED", "expected custom as a list of fields, and codes as lists by field")
        missing = [] if "custom" in entity.fields else list(custom)
        missing += [
            f"{field}:{code}" for field, some in codes.items() for code in some if not _known(entity, field, code)
        ]
        return {"missing": missing}


def entity_of(body: dict[str, Any]) -> Entity:
    """The entity a call names. Raises CallError MALFORMED."""
    name = body.get("entity")
    entity = ENTITIES.get(name) if isinstance(name, str) else None
    if entity is None:
        raise CallError("MALFORMED", f"entity must be one of {', '.join(ENTITIES)}")
    return entity


def _known(entity: Entity, field: str, code: str) -> bool:
    known = entity.fields.get(field)
    return known is not None and (not known.choices or code in known.choices)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _position(record: Record) -> str:
    return f"\x7fforeign:{record.id}" if record.source_id is None else record.source_id


def _line(record: Record) -> dict[str, Any]:
    return {"source_id": record.source_id, "target_id": record.target_id, "checksum": record.checksum}
