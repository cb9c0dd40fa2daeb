"""Tasks with their checklists (API facts §4.4)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.listing import Details, Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

FIELDS_METHOD = "tasks.task.getFields"
_SCOPES = ("task",)

# The default set may change, so every field is named
_NAMES = (
    "ID TITLE DESCRIPTION DESCRIPTION_IN_BBCODE PARENT_ID GROUP_ID STAGE_ID CREATED_BY CREATED_DATE RESPONSIBLE_ID "
    "ACCOMPLICES AUDITORS CHANGED_BY CHANGED_DATE STATUS STATUS_CHANGED_BY STATUS_CHANGED_DATE CLOSED_BY CLOSED_DATE "
    "ACTIVITY_DATE DEADLINE DATE_START START_DATE_PLAN END_DATE_PLAN PRIORITY MARK TIME_ESTIMATE "
    "ALLOW_CHANGE_DEADLINE ALLOW_TIME_TRACKING TASK_CONTROL MATCH_WORK_TIME XML_ID GUID TAGS COMMENTS_COUNT "
    "FORUM_TOPIC_ID"
)

# Told by tasks.task.get alone, and only when named; any of the three user fields brings the others
_USER_FIELDS = ("UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "UF_MAIL_MESSAGE")


def tasks_of(webhooks: Webhooks) -> "TaskReader":
    """The reader of tasks through these webhooks."""
    custom: list[str] = []

    def chosen(source_id: str) -> JsonObject:
        return {"taskId": source_id, "select": ["ID", "CHAT_ID", *_USER_FIELDS, *custom]}

    details = Details("details", "tasks.task.get", chosen, _the_task)
    listing = Listing(
        method="tasks.task.list",
        scopes=_SCOPES,
        ascending={"order": {"ID": "asc"}},
        descending={"order": {"ID": "desc"}},
        id="id",
        wrapper="tasks",
        filter="filter",
        fixed={"select": _NAMES.split()},
        most_pages=4,
        details=(details, Details("checklist", "task.checklistitem.getlist", _by_place)),
    )
    return TaskReader(KeysetReader(listing, webhooks), custom)


def _by_place(source_id: str) -> JsonObject:
    """Arguments that go by their place, not by their name (API facts §1.1)."""
    return {"TASKID": source_id, "ORDER": {"ID": "asc"}}


def _the_task(answer: Json) -> JsonObject:
    """A task that is gone, or out of sight, is ``[]``."""
    return as_map(as_map(answer).get("task"))


@dataclass(slots=True)
class TaskReader:
    """Tasks by id, each with ``details`` (user fields, chat) and ``checklist``.

    User fields that the customer made are told only when they are named; their names are asked for once.
    """

    keyset: KeysetReader
    custom: list[str]
    _asked: bool = False
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """See ``KeysetReader.cut``."""
        return await self.keyset.cut(ranges, extracted)

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """See ``KeysetReader.read``."""
        await self._learn()
        return await self.keyset.read(cursor, extracted)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``KeysetReader.rows``."""
        return self.keyset.rows(raw)

    async def _learn(self) -> None:
        """A portal that does not tell its fields is read without them."""
        async with self._asking:
            if self._asked:
                return
            webhook = await self.keyset.webhooks.first(*_SCOPES)
            try:
                answer = await webhook.transport.call(FIELDS_METHOD, {})
            except EntityStopped:
                self._asked = True
                return
            self.custom[:] = custom_fields(answer.result)
            self._asked = True


def custom_fields(result: Json) -> list[str]:
    """Names of the user fields that the customer made, from the answer of ``tasks.task.getFields``."""
    names = as_map(as_map(result).get("fields"))
    return [name for name in names if name.startswith("UF_") and name not in _USER_FIELDS]


READERS: Readers = {"task": lambda portal: tasks_of(portal.webhooks)}

NEEDS = (
    Need("tasks.task.list", _SCOPES, {"start": -1}),
    Need("tasks.task.get", _SCOPES),
    Need(FIELDS_METHOD, _SCOPES, {}),
    Need("task.checklistitem.getlist", _SCOPES),
)
