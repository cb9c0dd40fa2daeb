"""A plan of three entities, with the portal it reads from and the target it writes to, both in memory."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.model.plan import Entity, Plan
from shared.model.records import (
    Capabilities,
    Cut,
    MethodLimit,
    OutgoingItem,
    Receipt,
    SchemaNeeds,
    SourcePage,
    SourceRecord,
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
        Entity("user", import_after=("department",)),
        Entity("group", import_after=("user",)),
    ),
    "digest-1",
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


class Portal:
    """A source. ``page`` records to a read; ``trouble`` may raise before a read."""

    def __init__(self, page: int = 100) -> None:
        self.records: dict[str, dict[int, dict[str, Any]]] = {"department": {}, "user": {}, "group": {}}
        self.page = page
        self.trouble: Callable[[str, dict[str, Any]], None] = lambda _entity, _cursor: None
        self.name = "portal.example"

    async def identity(self) -> str:
        return self.name

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        self.trouble(entity, {})
        ids = sorted(self.records[entity])
        if not ids:
            return Cut((), 0)
        half = ids[len(ids) // 2]
        return Cut(({"after": 0, "upto": half}, {"after": half, "upto": None}), len(ids))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        self.trouble(entity, cursor)
        after, upto = cursor["after"], cursor["upto"]
        ids = [i for i in sorted(self.records[entity]) if i > after and (upto is None or i <= upto)]
        chosen = ids[: self.page]
        records = tuple(SourceRecord(str(i), self.records[entity][i]) for i in chosen)
        following = {"after": chosen[-1], "upto": upto} if len(ids) > self.page else None
        raw = json.dumps([{"id": record.id, "data": record.data} for record in records]).encode()
        return SourcePage(records, (raw,), following, 1)

    def rows(self, entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(str(row["id"]), row["data"]) for one in raw for row in json.loads(one))

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

    ``lacks`` are checks that fail, by entity.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Written] = {}
        self.store_id = "store-1"
        self.calls: list[tuple[str, list[str]]] = []
        self.lacks: dict[str, list[Check]] = {}
        self.before: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.after: Callable[[str, Sequence[OutgoingItem]], None] = lambda _entity, _items: None
        self.refuse: Callable[[str, OutgoingItem], Receipt | None] = lambda _entity, _item: None

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
        self.records[entity, item.source_id] = Written(target_id, item.checksum, item.data, run_id, action, versions)
        return Receipt(item.source_id, "imported", target_id, action)

    def batch_size(self, entity: str) -> int:
        return 50

    async def count(self, entity: str) -> tuple[int, int]:
        return sum(key[0] == entity for key in self.records), 0

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {i: {"data": self.records[entity, i].data} for i in source_ids if (entity, i) in self.records}

    async def checks(self) -> list[Check]:
        return []

    async def schema_checks(self, needs: SchemaNeeds) -> list[Check]:
        self.before("schema", ())
        return self.lacks.get(needs.entity, [])
