"""Recorded answers of the task methods, read by the readers that ask for them."""

import json
from pathlib import Path

import orjson

from connectors.bitrix24.families.task_comments import TaskCommentReader
from connectors.bitrix24.families.tasks import custom_fields, tasks_of
from connectors.bitrix24.raw import archived
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject

RECORDED: dict[str, list[JsonObject]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8")
)
NOBODY = Webhooks([])


def recorded(method: str) -> Json:
    """The result of the documentation's success, of the second version of the API."""
    return next(
        one["body"]["result"]
        for one in RECORDED[method]
        if "error" not in one["body"] and not one["page"].endswith("rest-v3.md")
    )


def batch(results: JsonObject) -> bytes:
    return archived("1", orjson.dumps({"result": {"result": results, "result_error": []}}))


def test_a_recorded_task_is_joined_with_its_details_and_checklist() -> None:
    details, checklist = recorded("tasks.task.get"), recorded("task.checklistitem.getlist")
    listed = recorded("tasks.task.list")
    raw = [batch({"p00": listed}), batch({"d0_8017": details, "d1_8017": checklist})]
    (record,) = tasks_of(NOBODY).rows(raw)
    assert record.id == "8017"
    assert record.data == {**listed["tasks"][0], "details": details["task"], "checklist": checklist}


def test_a_task_that_was_gone_when_its_details_were_asked_for_says_that_they_are_unread() -> None:
    raw = [batch({"p00": recorded("tasks.task.list")}), batch({"d0_8017": []})]
    (record,) = tasks_of(NOBODY).rows(raw)
    assert (record.data["details"], record.data["checklist"], record.data["unread"]) == ({}, [], ["details"])


def test_recorded_comments_and_messages_become_comments() -> None:
    comments, chat = recorded("task.commentitem.getlist"), recorded("im.dialog.messages.get")
    records = {
        one.id: one.data for one in TaskCommentReader(NOBODY).rows([batch({"f8": comments}), batch({"m8_00": chat})])
    }
    assert list(records) == ["f3155", "f3157", "m84875", "m84877"]
    assert [file["FILE_ID"] for file in records["f3157"]["files"]] == ["4755", "4753"]
    assert records["m84877"]["comment"] == chat["messages"][0]
    assert {row["author_id"] for row in records.values()} == {"503"}


def test_the_customers_own_fields_are_found_among_the_recorded_ones() -> None:
    fields = recorded("tasks.task.getFields")
    expected = {"UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "UF_MAIL_MESSAGE"}
    assert {name for name in fields["fields"] if name.startswith("UF_")} - expected == set(custom_fields(fields))
