"""Tasks of the simulated portal, seen through its methods."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

SIZE = Size(users=40, departments=5, groups=6, tasks=160)


@pytest.fixture
def world() -> World:
    return World.create(SIZE)


def ask(world: World, name: str, parameters: dict[str, Any] | None = None, caller: Caller | None = None) -> Reply:
    return find(name).handle(world, caller or Caller(1, "secret", frozenset()), parameters or {})


def test_a_list_without_an_order_begins_with_the_newest_task(world: World) -> None:
    reply = ask(world, "tasks.task.list")

    numbers = [int(row["id"]) for row in reply.result["tasks"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), reply.next, reply.total) == (50, 50, SIZE.tasks)


def test_paging_by_id_reads_every_task_once(world: World) -> None:
    seen: list[str] = []
    while True:
        condition = {"filter": {">ID": seen[-1] if seen else 0}, "order": {"ID": "asc"}, "start": -1}
        rows = ask(world, "tasks.task.list", condition).result["tasks"]
        seen += [row["id"] for row in rows]
        if len(rows) < 50:
            break

    assert seen == [row["id"] for row in world.truth("task")]


def test_without_a_count_there_is_neither_total_nor_next(world: World) -> None:
    reply = ask(world, "tasks.task.list", {"start": -1})

    assert (reply.total, reply.next) == (None, None)


def test_a_start_beyond_the_end_answers_the_first_page_again(world: World) -> None:
    first, beyond = (ask(world, "tasks.task.list", {"start": start}).result for start in (0, 5000))

    assert beyond == first


def test_selected_fields_come_in_camel_case_with_the_id(world: World) -> None:
    row = ask(world, "tasks.task.list", {"select": ["TITLE", "CREATED_BY"]}).result["tasks"][0]

    assert {"id", "title", "createdBy", "creator"} <= set(row)
    assert "description" not in row


def test_a_list_never_tells_user_fields(world: World) -> None:
    rows = ask(world, "tasks.task.list", {"select": ["*", "UF_CRM_TASK"]}).result["tasks"]

    assert not any("ufCrmTask" in row for row in rows)


def test_one_selected_user_field_brings_the_three(world: World) -> None:
    number = world.truth("task")[0]["id"]

    task = ask(world, "tasks.task.get", {"taskId": number, "select": ["ID", "UF_CRM_TASK"]}).result["task"]

    assert {"ufCrmTask", "ufTaskWebdavFiles", "ufMailMessage"} <= set(task)
    assert "ufAuto841972304304" not in task


def test_a_missing_task_is_an_empty_array_and_no_error(world: World) -> None:
    assert ask(world, "tasks.task.get", {"taskId": 999_999}).result == []


def test_a_task_of_others_is_an_empty_array_for_an_employee(world: World) -> None:
    stranger = Caller(39_999, "secret", frozenset(), admin=False)

    assert ask(world, "tasks.task.get", {"taskId": world.truth("task")[0]["id"]}, stranger).result == []
    assert ask(world, "tasks.task.list", {}, stranger).result["tasks"] == []


def test_an_employee_sees_his_own_tasks(world: World) -> None:
    mine = next(row for row in world.truth("task") if int(row["createdBy"]) in world.tasks.circles.ids)
    caller = Caller(int(mine["createdBy"]), "secret", frozenset(), admin=False)

    assert ask(world, "tasks.task.get", {"taskId": mine["id"]}, caller).result["task"]["id"] == mine["id"]


def test_a_wrong_sorting_key_is_refused_with_code_zero(world: World) -> None:
    with pytest.raises(PortalError) as refused:
        ask(world, "tasks.task.list", {"order": {"NOPE": "asc"}})

    assert refused.value.body() == {"error": "0", "error_description": "Invalid sorting key (internal error)"}


def test_a_select_that_is_no_array_is_refused(world: World) -> None:
    with pytest.raises(PortalError) as refused:
        ask(world, "tasks.task.get", {"taskId": 1, "select": {"a": "ID"}})

    assert refused.value.code == "100"


def test_dates_are_compared_as_instants(world: World) -> None:
    changed = [datetime.fromisoformat(row["changedDate"]) for row in world.truth("task")]
    since = sorted(changed)[80]

    condition = {">=CHANGED_DATE": since.astimezone(UTC).isoformat()}
    total = ask(world, "tasks.task.list", {"filter": condition}).total

    assert total == sum(one >= since for one in changed)


@pytest.mark.parametrize("name", ["CREATED_BY", "RESPONSIBLE_ID", "STATUS", "GROUP_ID"])
def test_equality_filters_answer_all_that_match(world: World, name: str) -> None:
    key = {"CREATED_BY": "createdBy", "RESPONSIBLE_ID": "responsibleId", "STATUS": "status", "GROUP_ID": "groupId"}[
        name
    ]
    wanted = world.truth("task")[0][key]

    total = ask(world, "tasks.task.list", {"filter": {name: wanted}}).total

    assert total == sum(row[key] == wanted for row in world.truth("task"))


def test_a_filter_by_accomplice_looks_into_the_list(world: World) -> None:
    one = next(row["accomplices"][0] for row in world.truth("task") if row["accomplices"])

    total = ask(world, "tasks.task.list", {"filter": {"ACCOMPLICE": one}}).total

    assert total == sum(one in row["accomplices"] for row in world.truth("task"))


def test_a_date_that_is_none_matches_nothing(world: World) -> None:
    assert ask(world, "tasks.task.list", {"filter": {">CHANGED_DATE": "yesterday"}}).result["tasks"] == []


def test_empty_maps_are_arrays_and_full_ones_objects(world: World) -> None:
    tasks = world.truth("task")

    assert {type(row["tags"]) for row in tasks} == {list, dict}
    assert {type(row["group"]) for row in tasks} == {list, dict}
    assert {type(row["auditorsData"]) for row in tasks} == {list, dict}


def test_some_parents_are_out_of_sight(world: World) -> None:
    known = {row["id"] for row in world.truth("task")}
    parents = {row["parentId"] for row in world.truth("task")} - {None}

    assert parents - known
    assert parents & known


def test_checklists_are_asked_for_by_place_and_not_by_name(world: World) -> None:
    number = next(iter(world.tasks.checklists))

    by_place = ask(world, "task.checklistitem.getlist", {"0": number, "1": {"ID": "asc"}}).result
    by_name = ask(world, "task.checklistitem.getlist", {"TASKID": number}).result

    assert by_place == by_name == world.tasks.checklists[number]
    assert by_place[0]["PARENT_ID"] == 0


def test_misplaced_arguments_are_an_error_of_the_core(world: World) -> None:
    number = next(iter(world.tasks.forum))

    with pytest.raises(PortalError) as refused:
        ask(world, "task.commentitem.getlist", {"ORDER": {"ID": "asc"}, "TASKID": number})

    assert refused.value.code == "ERROR_CORE"
    assert "TASKS_ERROR_EXCEPTION_#256" in refused.value.description


def test_half_of_the_tasks_have_comments_of_the_old_card(world: World) -> None:
    with_comments = [
        row for row in world.truth("task") if ask(world, "task.commentitem.getlist", {"0": row["id"]}).result
    ]

    assert len(with_comments) == SIZE.tasks // 2


def test_comments_can_be_ordered_and_filtered_by_date(world: World) -> None:
    number = max(world.tasks.forum, key=lambda one: len(world.tasks.forum[one]))
    everything = ask(world, "task.commentitem.getlist", {"0": number, "1": {"ID": "asc"}}).result

    later = ask(
        world,
        "task.commentitem.getlist",
        {"0": number, "1": {"POST_DATE": "asc"}, "2": {">POST_DATE": everything[1]["POST_DATE"]}},
    ).result

    assert later == everything[2:]


def test_the_legacy_list_ignores_a_filter_without_an_order(world: World) -> None:
    arguments = {
        "0": {},
        "1": {"STATUS": "5"},
        "2": {"NAV_PARAMS": {"nPageSize": 10, "iNumPage": 2}},
        "3": ["ID", "TITLE"],
    }

    reply = ask(world, "task.item.list", arguments)

    assert (reply.total, len(reply.result)) == (SIZE.tasks, 10)
    assert set(reply.result[0]) == {"ID", "TITLE"}


def test_user_fields_are_listed_though_the_total_is_zero(world: World) -> None:
    reply = ask(world, "task.item.userfield.getlist")

    assert reply.total == 0
    assert "UF_CRM_TASK" in {row["FIELD_NAME"] for row in reply.result}


def test_stages_of_a_group_are_closed_to_strangers(world: World) -> None:
    group = world.people.groups.ids[0]

    with pytest.raises(PortalError, match="You cannot view stages"):
        ask(world, "task.stages.get", {"entityId": group}, Caller(39_999, "secret", frozenset(), admin=False))


def test_files_of_tasks_are_attached_objects_of_the_drive(world: World) -> None:
    rows = [row for row in world.truth("task") if row["ufTaskWebdavFiles"]]

    assert rows
    assert all(
        world.disk.attachments[number].file in world.disk.files for row in rows for number in row["ufTaskWebdavFiles"]
    )


def test_a_method_that_only_a_planning_document_knows_does_not_exist() -> None:
    with pytest.raises(PortalError) as refused:
        find("task.item.get")

    assert (refused.value.code, refused.value.status) == ("ERROR_METHOD_NOT_FOUND", 404)


def test_the_same_seed_makes_the_same_tasks() -> None:
    assert World.create(SIZE).truth("task") == World.create(SIZE).truth("task")


def test_changes_are_told_as_they_are_made(world: World) -> None:
    chance = random.Random(1)

    for _ in range(60):
        before = {name: {row["id"]: row for row in world.truth(name)} for name in ("task", "task_comment")}
        changes = world.tasks.mutate(chance)
        after = {name: {row["id"]: row for row in world.truth(name)} for name in before}
        assert {(change.entity, change.id) for change in changes} == {
            (name, one)
            for name in before
            for one in before[name] | after[name]
            if before[name].get(one) != after[name].get(one)
        }
        for change in changes:
            is_there = (change.id in before[change.entity], change.id in after[change.entity])
            assert is_there == (change.what != "added", change.what != "deleted")


def test_an_empty_portal_stays_without_tasks() -> None:
    assert World.create(Size(users=5, departments=1, groups=1)).tasks.mutate(random.Random(1)) == []


def test_a_task_comes_out_of_the_recycle_bin_as_it_was(world: World) -> None:
    chance, seen = random.Random(2), dict[str, Any]()
    restored = None

    while restored is None:
        before = {row["id"]: row for row in world.truth("task")}
        changes = {change.id: change.what for change in world.tasks.mutate(chance) if change.entity == "task"}
        restored = next((one for one, what in changes.items() if what == "added" and one in seen), None)
        seen |= {one: before[one] for one, what in changes.items() if what == "deleted"}

    now = next(row for row in world.truth("task") if row["id"] == restored)
    assert now["changedDate"] == seen[restored]["changedDate"]
