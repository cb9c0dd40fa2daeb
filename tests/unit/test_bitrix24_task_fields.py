"""The user fields of tasks, which a portal tells only when they are named."""

from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.families.tasks import TaskReader, tasks_of
from shared.model.errors import EntityStopped, PortageError, RetryLater
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced

FIELDS: JsonObject = {"result": {"fields": {"ID": {}, "UF_CRM_TASK": {}, "UF_AUTO_7": {}}}}
LATER: JsonObject = {"result": {"fields": {"ID": {}, "UF_AUTO_7": {}, "UF_AUTO_9": {}}}}
ALWAYS = {"ID", "CHAT_ID", "UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "UF_MAIL_MESSAGE"}


class Portal:
    """A task to a page, beginning with 8.

    ``fields`` are the answers to the questions for fields, in order; ``selects`` what the details named.
    """

    def __init__(self, *fields: JsonObject | PortageError, pages: int = 1) -> None:
        self.fields = list(fields)
        self.last = 7 + pages
        self.selects: list[set[str]] = []

    def answer(self, body: JsonObject) -> JsonObject:
        if "cmd" not in body:
            told = self.fields.pop(0)
            if isinstance(told, PortageError):
                raise told
            return told
        results = {key: self._run(*command.split("?", 1)) for key, command in body["cmd"].items()}
        return {"result": {"result": results, "result_error": []}}

    def _run(self, method: str, query: str) -> Json:
        asked = parse_qsl(query)
        if method == "tasks.task.get":
            self.selects.append({value for name, value in asked if name.startswith("select")})
            return {"task": {}}
        return {"tasks": self._page(dict(asked))} if method == "tasks.task.list" else []

    def _page(self, asked: dict[str, str]) -> list[JsonObject]:
        after = asked.get("filter[>ID]", "7")
        if asked["order[ID]"] == "desc":
            return [{"id": str(self.last)}]
        return [{"id": str(int(after) + 1)}] if after.isdecimal() and int(after) < self.last else []


def reader_of(portal: Portal) -> TaskReader:
    return tasks_of(introduced(portal.answer))


async def begun(reader: TaskReader) -> JsonObject:
    """The cursor that a run begins with."""
    return (await reader.cut(1, NothingYet())).cursors[0]


async def test_the_customers_own_fields_are_named_by_every_page_of_a_run() -> None:
    portal = Portal(FIELDS, pages=2)
    reader = reader_of(portal)
    first = await reader.read(await begun(reader), NothingYet())
    assert first.next is not None
    await reader_of(portal).read(first.next, NothingYet())
    assert portal.selects == [ALWAYS | {"UF_AUTO_7"}] * 2


async def test_a_field_that_was_added_since_is_named_in_the_next_run_of_the_same_process() -> None:
    portal = Portal(FIELDS, LATER)
    reader = reader_of(portal)
    for _ in range(2):
        await reader.read(await begun(reader), NothingYet())
    assert portal.selects == [ALWAYS | {"UF_AUTO_7"}, ALWAYS | {"UF_AUTO_7", "UF_AUTO_9"}]


async def test_tasks_are_read_without_them_where_the_portal_does_not_tell() -> None:
    portal = Portal(EntityStopped("source.method_missing", "no such method"))
    reader = reader_of(portal)
    page = await reader.read(await begun(reader), NothingYet())
    assert [record.id for record in page.records] == ["8"]
    assert portal.selects == [ALWAYS]


async def test_a_stumble_is_no_proof_that_there_are_none() -> None:
    with pytest.raises(RetryLater):
        await begun(reader_of(Portal(RetryLater("source.unexpected_answer", "stumbled"))))
