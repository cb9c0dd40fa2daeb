"""Chats and their messages on their way into the canonical form."""

from typing import Any

import pytest

from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.schema.registry import SCHEMAS
from shared.transform.making import Surroundings
from shared.transform.references import Pending, pending
from tests.unit.mapped import AROUND, alone, draft, example, made, mapping, simulated

CHAT: JsonObject = {"type": "chat", "message_type": "C", "name": "Plan", "owner": 3, "members": [3, 5]}
MESSAGE: JsonObject = {"chat_id": 11, "author_id": 3, "date": "2026-03-04T09:43:26+03:00", "text": "hi", "params": []}


def of_the_reader(entity: str, rows: list[JsonObject]) -> list[JsonObject]:
    """With what the reader adds to the portal's answers."""
    added: JsonObject = {"files": []}
    if entity == "chat":
        added = {"members": [], "dialogs": {"1": "chat11"}, "item": None}
    return [{**added, **row} for row in rows]


def recorded(entity: str) -> list[JsonObject]:
    rows = [example("im.dialog.get")] if entity == "chat" else example("im.dialog.messages.get")["messages"]
    return of_the_reader(entity, rows)


def of_a_portal(entity: str) -> list[JsonObject]:
    return of_the_reader(entity, simulated(entity, chats=60, messages=600, tasks=20, deals=20, contacts=5, companies=5))


def unknown_params(rows: list[JsonObject]) -> set[str]:
    """Parameters of messages that nobody decided about."""
    decided = {*mapping("chat_message").sources, *mapping("chat_message").ignored}
    return {name for row in rows for name in row["params"] or {} if f"params.{name}" not in decided}


@pytest.mark.parametrize("entity", ["chat", "chat_message"])
@pytest.mark.parametrize("rows", [recorded, of_a_portal])
def test_every_field_is_mapped_or_left_out_for_a_reason(entity: str, rows: Any) -> None:
    assert mapping(entity).coverage.undecided(rows(entity)) == {}


@pytest.mark.parametrize("rows", [recorded, of_a_portal])
def test_every_parameter_of_messages_is_mapped_or_left_out_for_a_reason(rows: Any) -> None:
    assert unknown_params(rows("chat_message")) == set()


@pytest.mark.parametrize("entity", ["chat", "chat_message"])
@pytest.mark.parametrize("rows", [recorded, of_a_portal])
def test_what_portals_answer_becomes_canonical(entity: str, rows: Any) -> None:
    assert [made(entity, row, str(row["id"])) for row in rows(entity)]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"type": "private", "message_type": "P"}, "private"),
        ({"type": "chat", "message_type": "P"}, "private"),
        ({"type": "chat", "message_type": "C"}, "group"),
        ({"type": "open", "message_type": "O"}, "open"),
        ({"type": "crm", "message_type": "C", "entity_type": "CRM"}, "crm"),
        ({"type": "chat", "message_type": "C", "entity_type": "CRM"}, "crm"),
        ({"type": "tasksTask", "message_type": "X", "entity_type": "TASKS_TASK"}, "tasks"),
        ({"type": "tasks", "message_type": "C", "entity_type": "TASKS"}, "tasks"),
        ({"type": "sonetGroup", "message_type": "O", "entity_type": "SONET_GROUP"}, "workgroup"),
        ({"type": "calendar", "message_type": "C", "entity_type": "CALENDAR"}, "group"),
    ],
)
def test_a_chat_is_of_the_kind_that_its_type_its_record_or_its_letter_tells(told: JsonObject, kind: str) -> None:
    assert made("chat", {**CHAT, **told})["type"] == kind


def test_a_private_chat_has_no_title_since_each_side_sees_another_one() -> None:
    assert made("chat", {**CHAT, "type": "private"})["title"] is None


def test_members_who_were_deleted_are_left_out() -> None:
    assert alone("chat", CHAT).data["member_ids"] == []


@pytest.mark.parametrize(
    ("kind", "number", "bound"),
    [
        ("CRM", "DEAL|1663", ("deal", "1663")),
        ("CRM", "CONTACT|25", ("contact", "25")),
        ("CRM", "COMPANY|7", ("company", "7")),
        ("CRM", "DYNAMIC_128|4", ("smart_process_item", "128:4")),
        ("SONET_GROUP", "12", ("group", "12")),
        ("TASKS_TASK", "8293", ("task", "8293")),
    ],
)
def test_a_chat_is_bound_to_the_record_that_it_belongs_to(kind: str, number: str, bound: tuple[str, str]) -> None:
    entity, source_id = bound
    row = {**CHAT, "entity_type": kind, "entity_id": number}
    assert made("chat", row)["bound_to"] == {"entity": entity, "id": f"{entity}/{source_id}"}


@pytest.mark.parametrize(
    ("kind", "number"),
    [("", ""), ("CRM", "LEAD|13"), ("CRM", "DEAL|"), ("SONET_GROUP", "x"), ("CALENDAR", "5"), (None, None)],
)
def test_a_chat_of_nothing_that_is_moved_is_bound_to_nothing(kind: Any, number: Any) -> None:
    assert made("chat", {**CHAT, "entity_type": kind, "entity_id": number})["bound_to"] is None


def test_a_chat_does_not_wait_for_records_that_the_plan_does_not_move() -> None:
    around = Surroundings(AROUND.hosts, frozenset(SCHEMAS) - {"deal"})
    row = {**CHAT, "entity_type": "CRM", "entity_id": "DEAL|5"}
    assert draft("chat", row, around=around).data["bound_to"] is None


def test_a_chat_goes_in_unbound_until_its_record_is_there() -> None:
    resolution = alone("chat", {**CHAT, "entity_type": "CRM", "entity_id": "DEAL|5"})
    assert resolution.data["bound_to"] is None
    assert not resolution.blocking
    assert Pending("deal", "5", required=True) in resolution.missing


def test_a_message_of_the_system_has_no_author() -> None:
    assert made("chat_message", {**MESSAGE, "author_id": 0})["author_id"] is None


def test_an_author_who_was_deleted_stays_somebody() -> None:
    assert Pending("user", "3", required=False, placeholder=True) in alone("chat_message", MESSAGE).missing


def test_a_message_answers_another_one() -> None:
    assert made("chat_message", {**MESSAGE, "params": {"REPLY_ID": "84869"}})["reply_to_id"] == "chat_message/84869"


def test_a_message_and_the_one_it_answers_lie_by_their_chat() -> None:
    row = {**MESSAGE, "params": {"REPLY_ID": "84869"}}
    assert mapping("chat_message").parent(SourceRecord("7", row)) == "11"
    assert draft("chat_message", row).data["reply_to_id"] == Pending("chat_message", "84869", False, within="11")


@pytest.mark.parametrize(
    ("text", "chat"), [("[CONTEXT=chat9/77]m[/CONTEXT]", "9"), ("[CONTEXT=5/77]m[/CONTEXT]", "11")]
)
def test_a_link_to_a_message_leads_to_its_chat_or_stays_in_its_own(text: str, chat: str) -> None:
    links = list(pending(draft("chat_message", {**MESSAGE, "text": text}).data["body_html"]))
    assert links == [Pending("chat_message", "77", False, within=chat)]


def test_a_link_from_elsewhere_into_a_private_chat_stays_a_text() -> None:
    row: JsonObject = {"task_id": 5, "author_id": 3, "date": MESSAGE["date"], "text": "[CONTEXT=5/77]m[/CONTEXT]"}
    assert list(pending(draft("task_comment", row).data["body_html"])) == []
    assert made("task_comment", row)["body_html"] == "m [chat message 77]"


def test_markup_of_a_message_is_bbcode_even_if_it_looks_like_html() -> None:
    text = "<b>a</b> [B]b[/B]"
    assert made("chat_message", {**MESSAGE, "text": text})["body_html"] == "&lt;b&gt;a&lt;/b&gt; <b>b</b>"


def test_a_deleted_message_keeps_its_place_with_the_words_of_the_portal() -> None:
    row = {**MESSAGE, "text": "This message was deleted.", "params": {"IS_DELETED": "Y"}}
    assert made("chat_message", row)["body_html"] == "This message was deleted."


@pytest.mark.parametrize("file", [5255, "5255", ["5255"], {"1": 5255}])
def test_a_message_whose_file_stays_behind_says_so_however_it_is_named(file: Json) -> None:
    result = draft("chat_message", {**MESSAGE, "text": "", "params": {"FILE_ID": file}})
    assert result.flaws == ("media_ids: 1 file(s) of this message stay behind; files of chats are not moved",)


@pytest.mark.parametrize("nothing", [None, "", [], {}, 0, "0", False])
def test_a_message_without_files_leaves_none_behind(nothing: Json) -> None:
    assert draft("chat_message", {**MESSAGE, "params": {"FILE_ID": nothing}}).flaws == ()


def test_a_message_whose_files_stay_behind_says_so() -> None:
    result = draft("chat_message", {**MESSAGE, "text": "", "params": {"FILE_ID": [5255, 5256]}})
    assert result.data["media_ids"] == []
    assert result.flaws == ("media_ids: 2 file(s) of this message stay behind; files of chats are not moved",)
