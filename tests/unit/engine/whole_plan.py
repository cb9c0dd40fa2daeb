"""The main plan, with rows for each of its entities and a target that takes all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from plans.loading import load_plan
from shared.engine.job import Job, Pace
from shared.model.records import Capabilities, MethodLimit, SourcePage, SourceRecord
from shared.ports.systems import Extracted, Target
from shared.schema.registry import validate
from shared.storage.memory.opening import open_memory_stores
from tests.unit.engine.both_sides import Gateway, Portal
from tests.unit.engine.conftest import ManualClock, World

LOADED = load_plan("bitrix24_onprem")
NOW = "2026-01-01T10:00:00+03:00"

Row = dict[str, Any]

ROWS: dict[str, Callable[[int], Row]] = {
    "media_file": lambda n: {
        "key": f"feed/{n}/1-photo.png",
        "blob": f"media/{n}",
        "size": n,
        "content_type": "image/png",
        "checksum": f"{n:064x}",
    },
    "department": lambda n: {"NAME": f"Department {n}", "PARENT": n // 2 or None, "UF_HEAD": n, "SORT": 10 * n},
    "user": lambda n: {"EMAIL": f"u{n}@example.com", "NAME": f"N{n}", "ACTIVE": True, "UF_DEPARTMENT": [n]},
    "group": lambda n: {"NAME": f"Group {n}", "OWNER_ID": n, "members": [{"USER_ID": n, "ROLE": "A"}]},
    "chat": lambda n: {"type": "chat", "name": f"Chat {n}", "owner": n, "members": [n]},
    "chat_message": lambda n: {
        "chat_id": n,
        "author_id": n,
        "date": NOW,
        "text": f"Hello {n}",
        "params": {"REPLY_ID": n - 1},
    },
    "feed_post": lambda n: {"AUTHOR_ID": n, "TITLE": f"Post {n}", "DETAIL_TEXT": "Text", "DATE_PUBLISH": NOW},
    "feed_comment": lambda n: {"post_id": n, "author_id": n, "date": NOW, "text": f"Comment {n}"},
    "task": lambda n: {
        "title": f"Task {n}",
        "status": "2",
        "responsibleId": n,
        "createdBy": n,
        "parentId": n + 1,
        "deadline": NOW,
        "details": {"ufCrmTask": [f"D_{n}"]},
    },
    "task_comment": lambda n: {"task_id": n, "author_id": n, "date": NOW, "text": f"Comment {n}"},
    "company": lambda n: {"title": f"Company {n}", "assignedById": n},
    "contact": lambda n: {"name": f"Contact {n}", "companyId": n, "birthdate": "1990-01-01"},
    "deal": lambda n: {"title": f"Deal {n}", "stageId": "NEW", "companyId": n, "contactIds": [n], "opportunity": "10"},
    "smart_process_item": lambda n: {"entityTypeId": 128, "title": f"Item {n}", "companyId": n},
    "workflow_template": lambda n: {"NAME": f"Template {n}", "USER_ID": n},
}
"""A row of each entity that is imported, as its reader makes them."""

_PREFIXES = {"smart_process_item": "128:", "task_comment": "f", "media_file": "feed/"}


def source_id(entity: str, number: int) -> str:
    """What the source id of row ``number`` is."""
    return f"{_PREFIXES.get(entity, '')}{number}"


class PlanPortal(Portal):
    """Has ``each`` records of every entity that is imported, and none of what is only archived."""

    def __init__(self, each: int) -> None:
        super().__init__()
        for entity in LOADED.plan.entities:
            rows = {} if entity.archive_only else {n: ROWS[entity.name](n) for n in range(1, each + 1)}
            self.records[entity.name] = rows

    async def read(self, entity: str, cursor: Row, extracted: Extracted) -> SourcePage:
        page = await super().read(entity, cursor, extracted)
        named = (SourceRecord(source_id(entity, int(record.id)), record.data) for record in page.records)
        return replace(page, records=tuple(named))


class PlanGateway(Gateway):
    """Takes every entity."""

    async def capabilities(self) -> Capabilities:
        told = await super().capabilities()
        return replace(told, limits={name: MethodLimit(50, 600) for name in LOADED.plan.names})


@dataclass
class PlanWorld(World):
    """The engine at work on the main plan. ``target`` goes instead of the gateway in memory."""

    target: Target | None = None

    def of(self, plan: str) -> Job:
        if plan != self.plan.name:
            raise KeyError(plan)
        return Job(self.plan, LOADED.mappings, self.portal, self.target or self.gateway, validate, LOADED.needs)

    async def portal_records(self, entity: str) -> list[SourceRecord]:
        """All records of an entity as they are read."""
        return [SourceRecord(source_id(entity, n), row) for n, row in self.portal.records[entity].items()]


def whole_plan(each: int) -> PlanWorld:
    """A world in which nothing has happened yet. Its files are rows alone, which nobody can open."""
    pace = Pace(slice_rows=1_000, halt_after=900)
    return PlanWorld(PlanPortal(each), PlanGateway(), open_memory_stores(), ManualClock(), pace, LOADED.plan)
