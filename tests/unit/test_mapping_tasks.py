"""What the plan makes of tasks and their comments, one field at a time."""

import pytest

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject
from shared.transform.making import Surroundings
from shared.transform.references import Pending, pending, resolve
from tests.unit.told_tasks import TASK, comment, draft, named, task


@pytest.mark.parametrize("status", ["-1", "1", "7", "done"])
def test_a_task_in_a_state_that_nobody_knows_is_rejected(status: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        task(status=status)
    assert (caught.value.reason.code, caught.value.field) == ("transform.bad_value", "status")


def test_a_task_for_which_nobody_is_responsible_is_rejected() -> None:
    with pytest.raises(RecordRejected) as caught:
        task(responsibleId="")
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


@pytest.mark.parametrize("missing", ["task_id", "date"])
def test_a_comment_without_task_or_date_is_rejected(missing: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        comment(**{missing: None})
    assert caught.value.reason.code == "transform.missing_required"
