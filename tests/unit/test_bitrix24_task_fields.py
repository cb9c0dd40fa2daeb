"""The user fields of tasks, which a portal tells only when they are named."""

from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.families.tasks import TaskReader, tasks_of
from shared.model.errors import EntityStopped, PortageError, RetryLater
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced

START: JsonObject = {"after": 0, "upto": None}
FIELDS: JsonObject = {"result": {"fields": {"ID": {}, "UF_CRM_TASK": {}, "UF_AUTO_7": {}}}}
ALWAYS = {"ID", "CHAT_ID", "UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "UF_MAIL_MESSAGE"}


class Portal:
    """One task. ``fields`` are the answers to the questions for fields, in order; ``selects`` what details named."""

    def __init__(self, *fields: JsonObject | PortageError) -> None:
        self.fields = list(fields)
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
            return {"task": {"id": "8"}}
        return {"tasks": [{"id": "8"}]} if method == "tasks.task.list" else []


def reader_of(portal: Portal) -> TaskReader:
    return tasks_of(introduced(portal.answer))


async def test_the_customers_own_fields_are_asked_for_once_and_named_from_then_on() -> None:
    portal = Portal(FIELDS)
    reader = reader_of(portal)
    for _ in range(2):
        await reader.read(START, NothingYet())
    assert portal.selects == [ALWAYS | {"UF_AUTO_7"}] * 2


async def test_tasks_are_read_without_them_where_the_portal_does_not_tell() -> None:
    portal = Portal(EntityStopped("source.method_missing", "no such method"))
    reader = reader_of(portal)
    pages = [await reader.read(START, NothingYet()) for _ in range(2)]
    assert [[record.id for record in page.records] for page in pages] == [["8"], ["8"]]
    assert portal.selects == [ALWAYS] * 2


async def test_a_stumble_is_no_proof_that_there_are_none() -> None:
    portal = Portal(RetryLater("source.unexpected_answer", "stumbled"), FIELDS)
    reader = reader_of(portal)
    with pytest.raises(RetryLater):
        await reader.read(START, NothingYet())
    await reader.read(START, NothingYet())
    assert portal.selects == [ALWAYS | {"UF_AUTO_7"}]
