"""Tasks with their checklists (API facts §4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.bitrix24.listing import Changed, Details, Listing
from connectors.bitrix24.presence.asked import Question, without
from connectors.bitrix24.readers.details import UNREAD
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

FIELDS_METHOD = "tasks.task.getFields"
_SCOPES = ("task",)

THERE = Question(_SCOPES, lambda one: ("tasks.task.get", {"taskId": one, "select": ["ID"]}), without("task"))
"""Whether a task is still there: one that is gone, or out of sight, is an empty answer (API facts §4.4)."""

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
    return TaskReader(TaskPages(listing_of(()), webhooks))


def listing_of(custom: Sequence[str]) -> Listing:
    """Tasks with those user fields of the customer's."""

    def chosen(source_id: str) -> JsonObject:
        return {"taskId": source_id, "select": ["ID", "CHAT_ID", *_USER_FIELDS, *custom]}

    details = Details("details", "tasks.task.get", chosen, _the_task)
    return Listing(
        method="tasks.task.list",
        scopes=_SCOPES,
        ascending={"order": {"ID": "asc"}},
        descending={"order": {"ID": "desc"}},
        id="id",
        wrapper="tasks",
        filter="filter",
        fixed={"select": _NAMES.split()},
        changed=Changed("task", ">=CHANGED_DATE"),
        id_alone={"select": ["ID"]},
        most_pages=4,
        details=(details, Details("checklist", "task.checklistitem.getlist", _by_place)),
    )


def _by_place(source_id: str) -> JsonObject:
    """Arguments that go by their place, not by their name (API facts §1.1)."""
    return {"TASKID": source_id, "ORDER": {"ID": "asc"}}


def _the_task(answer: Json) -> JsonObject:
    """A task that is gone, or out of sight, is ``[]``."""
    return as_map(as_map(answer).get("task"))


class TaskPages(KeysetReader):
    """Pages of tasks. One whose details came empty says that they were not read, as if they had been refused."""

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``Reader.rows``."""
        records = KeysetReader.rows(self, raw)
        for record in records:
            unread = as_list(record.data.get(UNREAD))
            if not record.data["details"] and "details" not in unread:
                record.data[UNREAD] = ["details", *unread]
        return records


@dataclass(slots=True)
class TaskReader:
    """Tasks by id, each with ``details`` (user fields, chat) and ``checklist``.

    User fields that the customer made are told only when they are named. Their names are learnt when a run is cut and
    go along in its cursors as ``custom``: all its pages ask for the same ones, and the next run for those of its day.
    """

    keyset: KeysetReader
    _naming: dict[tuple[str, ...], KeysetReader] = field(default_factory=dict)

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """See ``KeysetReader.cut``."""
        cut = await self.keyset.cut(ranges, extracted)
        if not cut.cursors:
            return cut
        custom = await self._learnt()
        return replace(cut, cursors=tuple({**cursor, "custom": custom} for cursor in cut.cursors))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """See ``KeysetReader.read``."""
        page = await self._reader(tuple(cursor["custom"])).read(cursor, extracted)
        return replace(page, next=page.next and {**page.next, "custom": cursor["custom"]})

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``KeysetReader.rows``."""
        return self.keyset.rows(raw)

    def _reader(self, custom: tuple[str, ...]) -> KeysetReader:
        """One for all pages that name the same fields, since it learns the portal's pace."""
        if custom not in self._naming:
            self._naming[custom] = TaskPages(listing_of(custom), self.keyset.webhooks)
        return self._naming[custom]

    async def _learnt(self) -> list[str]:
        """A portal that does not tell its fields is read without them."""
        webhook = await self.keyset.webhooks.first(*_SCOPES)
        try:
            answer = await webhook.transport.call(FIELDS_METHOD, {})
        except EntityStopped:
            return []
        return custom_fields(answer.result)


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
