"""Workflow templates and running workflows of the simulated portal."""

import random
from datetime import datetime
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

SIZE = Size(users=30, departments=3, groups=3, workflows=70)
TEMPLATES, INSTANCES = "bizproc.workflow.template.list", "bizproc.workflow.instances"


@pytest.fixture
def world() -> World:
    return World.create(SIZE)


def ask(world: World, name: str, parameters: dict[str, Any] | None = None, *, admin: bool = True) -> Reply:
    return find(name).handle(world, Caller(1, "secret", frozenset(), admin=admin), parameters or {})


def test_without_a_selection_only_ids_are_told(world: World) -> None:
    reply = ask(world, TEMPLATES)

    assert {tuple(row) for row in reply.result} == {("ID",)}
    assert (len(reply.result), reply.next, reply.total) == (50, 50, 70)


def test_templates_are_paged_by_id(world: World) -> None:
    seen: list[str] = []
    while True:
        wanted = {"FILTER": {">id": seen[-1] if seen else 0}, "ORDER": {"ID": "ASC"}, "start": -1}
        rows = ask(world, TEMPLATES, wanted).result
        seen += [row["ID"] for row in rows]
        if len(rows) < 50:
            break

    assert seen == [row["ID"] for row in world.truth("workflow_template")]


def test_selected_fields_are_told_in_upper_case(world: World) -> None:
    row = ask(world, TEMPLATES, {"SELECT": ["ID", "NAME", "TEMPLATE", "PARAMETERS"]}).result[0]

    assert set(row) == {"ID", "NAME", "TEMPLATE", "PARAMETERS"}


def test_scalars_are_texts_and_empty_maps_are_arrays(world: World) -> None:
    rows = world.truth("workflow_template")

    assert {type(row[name]) for row in rows for name in ("ID", "NAME", "USER_ID", "AUTO_EXECUTE", "MODIFIED")} == {str}
    assert {type(row["PARAMETERS"]) for row in rows} == {list, dict}


@pytest.mark.parametrize("name", [TEMPLATES, INSTANCES])
def test_workflows_are_for_administrators(world: World, name: str) -> None:
    with pytest.raises(PortalError) as refused:
        ask(world, name, admin=False)

    assert (refused.value.code, refused.value.status) == ("ACCESS_DENIED", 403)


def test_templates_can_be_filtered_by_what_changed(world: World) -> None:
    changed = sorted(datetime.fromisoformat(row["MODIFIED"]) for row in world.truth("workflow_template"))

    total = ask(world, TEMPLATES, {"FILTER": {">MODIFIED": changed[40].isoformat()}}).total

    assert total == sum(one > changed[40] for one in changed)


def test_running_workflows_come_last_changed_first_with_texts_for_ids(world: World) -> None:
    rows = ask(world, INSTANCES).result

    assert {tuple(row) for row in rows} == {("ID", "MODIFIED", "OWNED_UNTIL")}
    moments = [datetime.fromisoformat(row["MODIFIED"]) for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert all("." in row["ID"] for row in rows)


def test_running_workflows_are_found_by_template(world: World) -> None:
    number = world.truth("workflow_template")[3]["ID"]

    rows = ask(world, INSTANCES, {"FILTER": {"TEMPLATE_ID": number}, "SELECT": ["TEMPLATE_ID"]}).result

    assert rows == [{"TEMPLATE_ID": number}] * 2


def test_templates_are_written_by_applications_only(world: World) -> None:
    with pytest.raises(PortalError, match="Application context required"):
        ask(world, "bizproc.workflow.template.add")


def test_changes_of_templates_are_told_as_they_are_made(world: World) -> None:
    chance = random.Random(2)

    for _ in range(40):
        before = {row["ID"]: row for row in world.truth("workflow_template")}
        (change,) = world.workflows.mutate(chance)
        after = {row["ID"]: row for row in world.truth("workflow_template")}
        assert {one for one in before | after if before.get(one) != after.get(one)} == {change.id}
        assert (change.id in before, change.id in after) == (change.what != "added", change.what != "deleted")


def test_the_same_seed_makes_the_same_workflows() -> None:
    assert World.create(SIZE).truth("workflow_template") == World.create(SIZE).truth("workflow_template")
