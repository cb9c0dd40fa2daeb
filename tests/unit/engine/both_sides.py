"""A plan of three entities, with the portal it reads from and the target it writes to, both in memory."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from shared.model.errors import RunStopped
from shared.model.gates import Gates
from shared.model.idmap import IdMapEntry
from shared.model.plan import Delta, Entity, Plan
from shared.model.records import (
    Capabilities,
    Cut,
    Link,
    Listed,
    Listing,
    MethodLimit,
    OutgoingItem,
    Receipt,
    SchemaNeeds,
    SourcePage,
    SourceRecord,
    Undone,
    UndonePage,
    UndoPhase,
)
from shared.ports.evidence import record
from shared.ports.surveys import EntitySize, Survey
from shared.ports.systems import Check, Extracted
from shared.transform.mapping_documents import read_mapping

PLAN = Plan(
    "demo",
    "Departments, users and groups",
    "portal",
    "target",
    (
        Entity("department", tree="parent_id"),
        Entity("user", import_after=("department",), delta=Delta()),
        Entity("group", import_after=("user",), delta=Delta()),
    ),
    "digest-1",
    gates=Gates(counts_match=True, sample_equal=1.0, orphans=0, dead_letters=0.5),
)

MAPPINGS = {
    "department": read_mapping(
        "department",
        {
            "field": {
                "name": {"from": "NAME", "required": True},
                "parent_id": {"from": "PARENT", "reference": "department"},
                "head_id": {"from": "HEAD", "reference": "user"},
            }
        },
    ),
    "user": read_mapping(
        "user",
        {
            "field": {
                "email": {"from": "EMAIL", "step": "email", "required": True},
                "department_ids": {"from": "DEPARTMENTS", "reference": "department", "many": True},
            }
        },
    ),
    "group": read_mapping(
        "group",
        {
            "field": {
                "name": {"from": "NAME", "required": True},
                "owner_id": {"from": "OWNER", "reference": "user", "required": True},
            }
        },
    ),
}


LINKS = {"parent_id": "department", "head_id": "user", "department_ids": "department", "owner_id": "user"}
"""Where the fields of these records lead."""


def links_of(_entity: str, data: dict[str, Any]) -> list[Link]:
    """The target ids in a record."""
    values = ((name, entity, data.get(name) or []) for name, entity in LINKS.items())
    listed = ((name, entity, value if isinstance(value, list) else [value]) for name, entity, value in values)
    return [Link(name, (entity,), one) for name, entity, ids in listed for one in ids]


class Portal:
    """A source. ``page`` records to a read; ``trouble`` may raise before a read."""

    def __init__(self, page: int = 100) -> None:
        self.records: dict[str, dict[int, dict[str, Any]]] = {"department": {}, "user": {}, "group": {}}
        self.page = page
        self.trouble: Callable[[str, dict[str, Any]], None] = lambda _entity, _cursor: None
        self.name = "portal.example"
        self.clock: datetime | None = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.changed: dict[tuple[str, int], datetime] = {}
        self.hidden: set[tuple[str, str]] = set()

    async def identity(self) -> str:
        return self.name

    async def now(self) -> datetime | None:
        return self.clock

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        self.trouble(entity, {})
        ids = self._ids(entity, extracted)
        if not ids:
            return Cut((), 0)
        half = ids[len(ids) // 2]
        return Cut(({"after": 0, "upto": half}, {"after": half, "upto": None}), len(ids))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        self.trouble(entity, cursor)
        after, upto = cursor["after"], cursor["upto"]
        ids = [i for i in self._ids(entity, extracted) if i > after and (upto is None or i <= upto)]
        chosen = ids[: self.page]
        records = tuple(SourceRecord(str(i), self.records[entity][i]) for i in chosen)
        following = {"after": chosen[-1], "upto": upto} if len(ids) > self.page else None
        raw = json.dumps([{"id": record.id, "data": record.data} for record in records]).encode()
        return SourcePage(records, (raw,), following, 1)

    def _ids(self, entity: str, extracted: Extracted) -> list[int]:
        since = extracted.since(entity)
        old = datetime.min.replace(tzinfo=UTC)
        return sorted(i for i in self.records[entity] if not since or self.changed.get((entity, i), old) >= since)

    def rows(self, entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(str(row["id"]), row["data"]) for one in raw for row in json.loads(one))

    async def shown(self, entity: str, source_ids: Sequence[str]) -> frozenset[str] | None:
        self.trouble(entity, {"shown": len(source_ids)})
        return frozenset(one for one in source_ids if int(one) in self.records[entity])

    async def gone(self, entity: str, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        there = {*map(str, self.records[entity]), *(one for of, one in self.hidden if of == entity)}
        return frozenset(source_ids) - there

    async def checks(self) -> list[Check]:
        return []

    async def survey(self, entities: Sequence[str], ranges: int) -> Survey:
        return Survey(tuple(EntitySize(name, len(self.records[name])) for name in entities))


@dataclass
class Written:
    """One record at the target."""

    target_id: str
    checksum: str
    data: dict[str, Any]
    run_id: str
    action: str
    versions: int = 1


class Gateway:
    """A target that keeps the contract's answers. ``before`` and ``after`` may raise when a call is applied.

    ``lacks`` are checks that fail, by entity; ``lost`` is what is raised for files that cannot be had.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Written] = {}
        self.store_id = "store-1"
        self.calls: list[tuple[str, list[str]]] = []
        self.lacks: dict[str, list[Check]] = {}
        self.before: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.after: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.refuse: Callable[[str, OutgoingItem], Receipt | None] = lambda _entity, _item: None
        self.found: dict[tuple[str, str, str], Written | None] = {}
        self.stays: tuple[str, ...] = ()
        self.foreign: dict[str, list[str]] = {}
        self.closed: set[str] = set()
        self.listed = 1000
        self.files: dict[str, bytes] = {}
        self.lost: dict[str, Exception] = {}
        self.fetched = Counter[str]()

    async def capabilities(self) -> Capabilities:
        self.before("capabilities", ())
        limits = {entity: MethodLimit(50, 600) for entity in PLAN.names}
        return Capabilities("1.1", self.store_id, "1", 5_000_000, limits)

    def key(self, entity: str, source_id: str, checksum: str) -> str:
        return f"source:{entity}:{source_id}:{checksum}"

    async def write(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        self.before(entity, items)
        self.calls.append((entity, [item.source_id for item in items]))
        record(f"import.{entity}", "ok")
        receipts = tuple(self._one(entity, run_id, item) for item in items)
        self.after(entity, items)
        return receipts

    def _one(self, entity: str, run_id: str, item: OutgoingItem) -> Receipt:
        if refusal := self.refuse(entity, item):
            return refusal
        known = self.records.get((entity, item.source_id))
        if known is not None and known.checksum == item.checksum:
            return Receipt(item.source_id, "duplicate", known.target_id, known.action, known.run_id)
        action = "updated" if known else "created"
        target_id = known.target_id if known else f"t-{entity}-{item.source_id}"
        versions = known.versions + 1 if known else 1
        self.found.setdefault((run_id, entity, item.source_id), known)
        self.records[entity, item.source_id] = Written(target_id, item.checksum, item.data, run_id, action, versions)
        return Receipt(item.source_id, "imported", target_id, action)

    def deletes(self, entity: str) -> bool:
        return entity != "media_file"

    async def delete(
        self, entity: str, run_id: str, batch_id: str, entries: Sequence[IdMapEntry]
    ) -> tuple[Receipt, ...]:
        self.before(f"delete {entity}", ())
        self.calls.append((f"delete {entity}", [entry.source_id for entry in entries]))
        return tuple(self._delete(entity, run_id, entry.source_id) for entry in entries)

    def _delete(self, entity: str, run_id: str, source_id: str) -> Receipt:
        known = self.records.get((entity, source_id))
        if known is None:
            return Receipt(source_id, "missing")
        if any(f'"{known.target_id}"' in json.dumps(one.data) for one in self.records.values()):
            return Receipt(source_id, "failed", code="REFERENCED", reason="other records refer to it")
        self.found.setdefault((run_id, entity, source_id), self.records.pop((entity, source_id)))
        return Receipt(source_id, "deleted")

    def batch_size(self, entity: str) -> int:
        return 50

    async def count(self, entity: str) -> tuple[int, int]:
        self._ask("import.count")
        return sum(key[0] == entity for key in self.records), len(self.foreign.get(entity, ()))

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        self._ask("import.read")
        assert len(source_ids) <= 100
        known = {i: self.records[entity, i] for i in source_ids if (entity, i) in self.records}
        return {i: {"target_id": r.target_id, "checksum": r.checksum, "data": r.data} for i, r in known.items()}

    async def listing(self, entity: str, after: str) -> Listing:
        """``listed`` records to a page; of ``media_file`` without source ids, by target id."""
        self._ask("import.list")
        own = [Listed(r.target_id, i, r.checksum) for (name, i), r in self.records.items() if name == entity]
        if entity == "media_file":
            rows = [r for (name, _), r in self.records.items() if name == entity]
            own = [Listed(r.target_id, None, r.data["checksum"]) for r in rows]
        places = {one.source_id or one.target_id: one for one in own}
        places |= {f"~{one}": Listed(one, None, "", foreign=True) for one in self.foreign.get(entity, ())}
        names = sorted(name for name in places if name > after)
        shown = names[: self.listed]
        return Listing(tuple(places[name] for name in shown), shown[-1] if len(names) > self.listed else None)

    async def fetch(self, target_id: str, into: BinaryIO) -> str:
        self._ask("import.media.get")
        self.fetched[target_id] += 1
        if target_id in self.lost:
            raise self.lost[target_id]
        into.write(self.files[target_id])
        return hashlib.sha256(self.files[target_id]).hexdigest()

    def _ask(self, method: str) -> None:
        """Nothing of a method that is ``closed`` is answered."""
        self.before(method, ())
        if method in self.closed:
            record(method, "target.refused")
            raise RunStopped("target.refused", "METHOD_NOT_ALLOWED")
        record(method, "ok")

    def undoes(self, entity: str) -> bool:
        return entity not in self.stays

    async def undo(self, entity: str, run_id: str, phase: UndoPhase, after: str) -> UndonePage:
        """Ten records to a call; what another run wrote meanwhile is kept."""
        self.before(phase.value, ())
        ids = sorted(i for run, name, i in self.found if (run, name) == (run_id, entity) and i > after)
        items = [item for i in ids[:10] if (item := self._undo(entity, run_id, i, phase))]
        self.after(phase.value, ())
        return UndonePage(tuple(items), ids[9] if len(ids) > 10 else None)

    def _undo(self, entity: str, run_id: str, source_id: str, phase: UndoPhase) -> Undone | None:
        before, now = self.found[run_id, entity, source_id], self.records.get((entity, source_id))
        if (before is None) is (phase is UndoPhase.RESTORE):
            return None
        if now is not None and now.run_id != run_id and now != before:
            return Undone(source_id, "kept", "LATER_RUN")
        if before is None:
            self.records.pop((entity, source_id), None)
            return Undone(source_id, "deleted")
        self.records[entity, source_id] = before
        return Undone(source_id, "restored")

    async def checks(self) -> list[Check]:
        return []

    async def schema_checks(self, needs: SchemaNeeds) -> list[Check]:
        self.before("schema", ())
        return self.lacks.get(needs.entity, [])
