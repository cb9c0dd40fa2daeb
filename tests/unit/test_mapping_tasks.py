"""What the plan makes of tasks and their comments, as recorded and as the simulated portal tells them."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.bitrix24.families.task_comments import TaskCommentReader
from connectors.bitrix24.families.tasks import custom_fields, listing_of, tasks_of
from connectors.bitrix24.raw import archived
from connectors.bitrix24.readers.attachments import files_of
from connectors.bitrix24.webhooks import Webhooks
from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World
from plans.bitrix24_onprem.makers import MAKERS, TABLES
from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.schema.registry import validate
from shared.transform.making import Surroundings
from shared.transform.mapping import Draft, Mapping
from shared.transform.references import Pending, pending, resolve

ROOT = Path(__file__).parents[2]
NOBODY = Webhooks([])
CRM = frozenset({"deal", "contact", "company", "smart_process_item"})
AROUND = Surroundings(
    frozenset({"portal.example"}),
    CRM | {"task", "user", "group", "media_file"},
    coming=frozenset({"media_file"}),
    task_files=True,
)
TASK: JsonObject = {"title": "Счёт", "status": "2", "responsibleId": "5", "details": {}, "checklist": []}
COMMENT: JsonObject = {"task_id": "8", "author_id": "5", "date": "2025-06-04T16:15:55+02:00", "text": "x", "files": []}


WHITE_LIST = """
[[field]]
entity = "task"
source = "details.ufAuto841972304304"
target = "UF_REQUEST_NO"
type = "string"
"""


def mapping_of(entity: str) -> Mapping:
    path = ROOT / "plans" / "bitrix24_onprem" / "mappings" / f"{entity}.toml"
    tables = {"custom_fields": TABLES["custom_fields"](tomllib.loads(WHITE_LIST))}
    return Mapping.parse(entity, tomllib.loads(path.read_text("utf-8")), MAKERS, tables)


MAPPINGS = {entity: mapping_of(entity) for entity in ("task", "task_comment")}


def draft(entity: str, source_id: str, data: JsonObject, around: Surroundings = AROUND) -> Draft:
    return MAPPINGS[entity].apply(SourceRecord(source_id, data), around)


def task(around: Surroundings = AROUND, **changed: Json) -> JsonObject:
    return draft("task", "8", {**TASK, **changed}, around).data


def comment(**changed: Json) -> JsonObject:
    return draft("task_comment", "f9", {**COMMENT, **changed}).data


def named(entity: str, source_id: str) -> str:
    """A target that has everything."""
    return f"{entity}/{source_id}"


# What the portals tell


def batch(results: JsonObject) -> bytes:
    return archived("1", orjson.dumps({"result": {"result": results, "result_error": []}}))


def recorded() -> dict[str, list[SourceRecord]]:
    """The documentation's own examples."""
    document = json.loads((ROOT / "tests" / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8"))

    def result(method: str) -> Any:
        bodies = (one["body"] for one in document[method] if not one["page"].endswith("rest-v3.md"))
        return next(body["result"] for body in bodies if "error" not in body)

    listed, details = result("tasks.task.list"), result("tasks.task.get")
    checklist = result("task.checklistitem.getlist")
    comments, chat = result("task.commentitem.getlist"), result("im.dialog.messages.get")
    return {
        "task": [*tasks_of(NOBODY).rows([batch({"p00": listed}), batch({"d0_8017": details, "d1_8017": checklist})])],
        "task_comment": [*TaskCommentReader(NOBODY).rows([batch({"f8": comments}), batch({"m8_00": chat})])],
    }


def simulated() -> dict[str, list[SourceRecord]]:
    """The simulated portal's, read with the very parameters of the reader."""
    world = World.create(Size(users=30, departments=4, groups=5, tasks=50, deals=20, companies=9, contacts=9))

    def ask(method: str, parameters: JsonObject) -> Any:
        return find(method.lower()).handle(world, Caller(1, "secret", frozenset()), parameters).result

    custom = custom_fields(ask("tasks.task.getFields", {}))
    reader, listing = tasks_of(NOBODY), listing_of(custom)
    listed = ask(listing.method, {**listing.fixed, **listing.ascending})
    ids = [row["id"] for row in listed["tasks"]]
    told = {
        f"d{place}_{number}": ask(one.method, one.parameters(number))
        for place, one in enumerate(listing.details)
        for number in ids
    }
    tasks = [*reader.rows([batch({"p00": listed}), batch(told)])]
    forum = {f"f{number}": ask("task.commentitem.getlist", {"TASKID": number}) for number in ids}
    chats = {
        record.id: f"chat{record.data['details']['chatId']}" for record in tasks if record.data["details"]["chatId"]
    }
    messages = {f"m{number}_00": ask("im.dialog.messages.get", {"DIALOG_ID": chat}) for number, chat in chats.items()}
    return {"task": tasks, "task_comment": [*TaskCommentReader(NOBODY).rows([batch(forum), batch(messages)])]}


def flat(row: JsonObject) -> JsonObject:
    """With the fields of ``details`` under names of their own."""
    return {**row, **{f"details.{name}": value for name, value in (row.get("details") or {}).items()}}


@pytest.fixture(scope="module", params=[recorded, simulated])
def told(request: pytest.FixtureRequest) -> dict[str, list[SourceRecord]]:
    rows: dict[str, list[SourceRecord]] = request.param()
    return rows


@pytest.mark.parametrize("entity", ["task", "task_comment"])
def test_every_field_that_a_portal_tells_is_mapped_or_ignored_for_a_reason(
    told: dict[str, list[SourceRecord]], entity: str
) -> None:
    assert MAPPINGS[entity].coverage.undecided(flat(record.data) for record in told[entity]) == {}


@pytest.mark.parametrize("entity", ["task", "task_comment"])
def test_what_a_portal_tells_becomes_canonical_records_without_flaws(
    told: dict[str, list[SourceRecord]], entity: str
) -> None:
    assert told[entity]
    for record in told[entity]:
        made = draft(entity, record.id, record.data)
        assert made.flaws == ()
        validate(entity, resolve(made.data, named).data)


# One field at a time


def test_the_recorded_task_becomes_a_canonical_one() -> None:
    (record,) = recorded()["task"]
    made = resolve(draft("task", record.id, record.data).data, named).data
    assert (made["title"], made["status"], made["priority"]) == ("Task Example", "pending", "high")
    assert made["deadline"] == "2025-10-24T17:00:00Z"
    assert made["auditor_ids"] == ["user/13", "user/103"]
    assert made["tags"] == ["arpar"]
    assert made["media_ids"] == [f"media_file/task-8017-{number}" for number in (1065, 1077, 1113, 1115)]
    linked = ["contact/627", "company/591", "smart_process_item/136:3", "deal/1723"]
    assert [one["id"] for one in made["crm_links"]] == linked
    (checklist,) = made["checklists"]
    assert checklist["title"] == "Checklist 1"
    assert [(item["title"].split()[0], item["done"]) for item in checklist["items"]] == [
        ("Find", True),
        ("Agree", False),
        ("Arrange", True),
        ("Prepare", False),
        ("Agree", False),
        ("Prepare", False),
        ("Sign", False),
    ]


@pytest.mark.parametrize("status", ["-1", "1", "7", "done"])
def test_a_task_in_a_state_that_nobody_knows_is_rejected(status: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        task(status=status)
    assert (caught.value.reason.code, caught.value.field) == ("transform.bad_value", "status")


def test_a_task_for_which_nobody_is_responsible_is_rejected() -> None:
    with pytest.raises(RecordRejected) as caught:
        task(responsibleId="0")
    assert (caught.value.reason.code, caught.value.field) == ("transform.missing_required", "responsible_id")


def test_people_who_are_gone_are_made_up_where_the_task_is_nothing_without_them() -> None:
    made = task(createdBy="7", accomplices=["9"])
    assert made["responsible_id"] == Pending("user", "5", required=True, placeholder=True)
    assert made["creator_id"] == Pending("user", "7", required=False, placeholder=True)
    assert made["accomplice_ids"] == [Pending("user", "9", required=False)]


@pytest.mark.parametrize("nothing", [None, "0", ""])
def test_a_task_may_have_neither_group_nor_parent(nothing: Json) -> None:
    made = task(groupId=nothing, parentId=nothing)
    assert (made["group_id"], made["parent_id"]) == (None, None)


def test_a_parent_out_of_sight_leaves_the_task_without_one() -> None:
    data = task(parentId="99")
    resolution = resolve(data, lambda entity, number: None if entity == "task" else named(entity, number))
    assert resolution.data["parent_id"] is None
    assert not resolution.blocking


@pytest.mark.parametrize("no", ["N", False, "0", 0])
def test_a_task_that_is_not_in_bbcode_is_in_html(no: Json) -> None:
    made = resolve(task(description="<b>x</b>", descriptionInBbcode=no), named).data
    assert made["description_html"] == "<b>x</b>"


@pytest.mark.parametrize("yes", ["Y", True, "1", 1, None])
def test_a_task_in_bbcode_holds_no_html(yes: Json) -> None:
    made = resolve(task(description="<b>x</b>", descriptionInBbcode=yes), named).data
    assert made["description_html"] == "&lt;b&gt;x&lt;/b&gt;"


def test_a_comment_is_bbcode_even_if_somebody_typed_html() -> None:
    made = resolve(comment(text="<b>x</b> [B]y[/B]"), named).data
    assert made["body_html"] == "&lt;b&gt;x&lt;/b&gt; <b>y</b>"


@pytest.mark.parametrize("nothing", [[], None, False])
def test_a_task_without_tags_or_links_has_empty_lists(nothing: Json) -> None:
    made = task(tags=nothing, checklist=nothing, details={"ufCrmTask": nothing, "ufTaskWebdavFiles": nothing})
    assert [made[name] for name in ("tags", "checklists", "crm_links", "media_ids")] == [[], [], [], []]


def test_tags_come_once_decoded_and_in_the_order_of_the_portal() -> None:
    tags = {"35": {"id": 35, "title": "R&amp;D"}, "31": {"id": 31, "title": "a"}, "40": {"id": 40, "title": "R&D"}}
    assert task(tags=tags)["tags"] == ["R&D", "a"]


def test_custom_fields_come_from_the_details_under_their_target_codes() -> None:
    made = task(details={"ufAuto841972304304": "№ 7", "ufAuto1": "not on the white list"})
    assert made["custom"] == {"UF_REQUEST_NO": "№ 7"}


@pytest.mark.parametrize("code", ["L_4", "Q_2", "SI_7", "T1f_1"])
def test_what_is_out_of_scope_is_no_link(code: str) -> None:
    made = draft("task", "8", {**TASK, "details": {"ufCrmTask": [code, "D_1"]}})
    assert made.data["crm_links"] == [{"entity": "deal", "id": crm("deal", "1")}]
    assert made.flaws == ()


@pytest.mark.parametrize("code", ["D_0", "D_", "CRM_DEAL_1", "d_1", 5])
def test_what_is_no_code_of_a_record_is_left_out_and_told(code: Json) -> None:
    made = draft("task", "8", {**TASK, "details": {"ufCrmTask": [code, "D_1"]}})
    assert made.data["crm_links"] == [{"entity": "deal", "id": crm("deal", "1")}]
    assert made.flaws == ("crm_links: one is no code of a CRM record",)


def crm(entity: str, source_id: str) -> Pending:
    return Pending(entity, source_id, required=True)


def test_a_link_to_what_is_not_there_yet_is_left_out_and_the_task_goes_in() -> None:
    data = task(details={"ufCrmTask": ["D_1", "T80_6"]})
    resolution = resolve(data, lambda entity, number: None if entity == "deal" else named(entity, number))
    assert resolution.data["crm_links"] == [{"entity": "smart_process_item", "id": "smart_process_item/128:6"}]
    assert resolution.missing == [crm("deal", "1")]
    assert not resolution.blocking


def test_a_plan_that_brings_neither_crm_nor_files_waits_for_none() -> None:
    alone = Surroundings(imported=frozenset({"task", "user"}))
    made = task(alone, details={"ufCrmTask": ["D_1"], "ufTaskWebdavFiles": [505]})
    assert {one.entity for one in pending(made)} == {"user"}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ({"ATTACHMENT_ID": "973", "FILE_ID": "4755"}, "973"),
        ({"ATTACHMENT_ID": 973}, "973"),
        ({"FILE_ID": "4755"}, "4755"),
        ({"id": 4755}, "4755"),
    ],
)
def test_a_comments_files_are_known_by_attachment_else_by_their_own_number(file: JsonObject, name: str) -> None:
    assert comment(files=[file, file])["media_ids"] == [
        Pending("media_file", f"task_comment-f9-{name}", required=False)
    ]


@pytest.mark.parametrize("told", [recorded, simulated])
def test_files_are_known_as_the_reader_of_files_knows_them(told: Callable[[], dict[str, list[SourceRecord]]]) -> None:
    for entity, records in told().items():
        for record in records:
            made = [one.source_id for one in draft(entity, record.id, record.data).data["media_ids"]]
            assert made == [file.id for file in files_of(entity, record)]


@pytest.mark.parametrize("missing", ["task_id", "date"])
def test_a_comment_without_task_or_date_is_rejected(missing: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        comment(**{missing: None})
    assert caught.value.reason.code == "transform.missing_required"
