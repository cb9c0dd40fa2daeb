"""The cutover: a window, the last delta, the proof, the decision, and what is left to be done."""

import json
from datetime import datetime, timedelta

import pytest

from shared.engine.cutover.checklist import Secret
from shared.engine.cutover.cutovers import Cutovers
from shared.engine.runs.refusals import ControlError
from shared.model.cutover import CutoverAction
from shared.model.json import JsonObject, as_list, as_map
from shared.model.run import Run, RunMode
from tests.unit.engine.conftest import World

ACT = CutoverAction
SECRETS = [Secret("webhook-1", "Delete webhook 1 of user 7 at portal.example", 48)]


@pytest.fixture
async def cutovers(world: World) -> Cutovers:
    """Of a world that was moved once."""
    await _run(world, RunMode.FULL)
    world.clock.offset += 60
    return Cutovers(world.stores.shared, world.control, world.statuses, lambda: SECRETS, world.clock)


async def _run(world: World, mode: RunMode, entities: tuple[str, ...] = ()) -> Run:
    return await world.drive((await world.start(mode, entities)).run_id)


def _says(told: JsonObject) -> dict[str, str]:
    return {str(as_map(one)["check"]): str(as_map(one)["says"]) for one in as_list(told["sheet"])}


async def _ready(cutovers: Cutovers, world: World) -> JsonObject:
    """The window is open, the last delta is in and both sides were compared."""
    await cutovers.act(world.plan, ACT.START, "Anna")
    for mode in (RunMode.DELTA, RunMode.VALIDATE):
        run = await _run(world, mode)
        told = await cutovers.act(world.plan, ACT.LINK, "Anna", about=run.run_id)
    return told


async def test_before_the_window_nothing_goes(cutovers: Cutovers, world: World) -> None:
    told = await cutovers.of(world.plan)
    assert (told["state"], told["users_work_at"], told["go"]) == ("not_begun", "source", False)


async def test_the_window_begins_with_who_and_when(cutovers: Cutovers, world: World) -> None:
    told = await cutovers.act(world.plan, ACT.START, "Anna", note="mail went out")
    (event,) = map(as_map, as_list(told["events"]))
    assert (event["action"], event["by"], event["note"]) == ("start", "Anna", "mail went out")
    assert datetime.fromisoformat(str(event["at"])) <= world.clock.now()


async def test_a_step_that_is_asked_for_again_is_done_once(cutovers: Cutovers, world: World) -> None:
    before = await cutovers.act(world.plan, ACT.START, "Anna")
    with pytest.raises(ControlError) as refused:
        await cutovers.act(world.plan, ACT.START, "Anna")
    assert refused.value.code == "INVALID_STATE"
    assert await cutovers.of(world.plan) == before


async def test_a_delta_and_a_comparison_inside_the_window_make_it_a_go(cutovers: Cutovers, world: World) -> None:
    told = await _ready(cutovers, world)
    assert told["go"] is True
    assert _says(told)["final_delta"] == "go"


async def test_a_run_from_before_the_window_does_not_count(cutovers: Cutovers, world: World) -> None:
    old = await _run(world, RunMode.DELTA)
    world.clock.offset += 60
    await cutovers.act(world.plan, ACT.START, "Anna")
    told = await cutovers.act(world.plan, ACT.LINK, "Anna", about=old.run_id)
    assert _says(told)["final_delta"] == "no_go"


async def test_a_target_that_differs_is_a_no_go(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    await _run(world, RunMode.DELTA)
    del world.gateway.records["group", "7"]
    await cutovers.act(world.plan, ACT.LINK, "Anna")
    await _run(world, RunMode.VALIDATE)
    told = await cutovers.act(world.plan, ACT.LINK, "Anna")
    assert told["go"] is False


def _why(told: JsonObject, check: str) -> str:
    return next(str(as_map(one)["detail"]) for one in as_list(told["sheet"]) if as_map(one)["check"] == check)


async def test_a_proof_of_a_part_of_the_plan_is_a_no_go_that_names_the_rest(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    del world.gateway.records["group", "7"]
    await _run(world, RunMode.DELTA)
    await cutovers.act(world.plan, ACT.LINK, "Anna")
    await _run(world, RunMode.VALIDATE, ("department",))
    told = await cutovers.act(world.plan, ACT.LINK, "Anna")
    assert (told["go"], _says(told)["final_delta"], _says(told)["proof"]) == (False, "go", "no_go")
    assert "not about user, group" in _why(told, "proof")


async def test_a_delta_of_a_part_of_the_plan_is_a_no_go(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    await _run(world, RunMode.DELTA, ("user",))
    await cutovers.act(world.plan, ACT.LINK, "Anna")
    await _run(world, RunMode.VALIDATE)
    told = await cutovers.act(world.plan, ACT.LINK, "Anna")
    assert (told["go"], _says(told)["final_delta"], _says(told)["proof"]) == (False, "no_go", "go")
    assert "not about department, group" in _why(told, "final_delta")


async def test_a_proof_from_before_the_last_delta_is_a_no_go(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    for mode in (RunMode.VALIDATE, RunMode.DELTA):
        await _run(world, mode)
        told = await cutovers.act(world.plan, ACT.LINK, "Anna")
    assert (told["go"], _says(told)["proof_before_delta"]) == (False, "no_go")


async def test_a_proof_without_a_sample_says_what_nobody_asked_about(cutovers: Cutovers, world: World) -> None:
    told = await _ready(cutovers, world)
    assert _says(told)["gate sample_equal"] == "attention"
    assert _why(told, "gate sample_equal") == "not_asked: no record was made anew"


async def test_what_others_put_at_the_target_is_told(cutovers: Cutovers, world: World) -> None:
    world.gateway.foreign["group"] = ["t-own"]
    told = await _ready(cutovers, world)
    assert (told["go"], _says(told)["verdict differs"], _why(told, "verdict differs")) == (True, "attention", "group")


async def test_a_delta_of_which_a_part_was_undone_is_a_no_go(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    assert world.portal.clock is not None
    for entity, record in (("user", {"EMAIL": "new@example.com"}), ("group", {"NAME": "new", "OWNER": "7"})):
        world.portal.records[entity][7] = record
        world.portal.changed[entity, 7] = world.portal.clock
    run = await _run(world, RunMode.DELTA)
    await cutovers.act(world.plan, ACT.LINK, "Anna", about=run.run_id)
    await world.drive((await world.undo(run.run_id, "group")).run_id)
    assert _says(await cutovers.of(world.plan))["final_delta"] == "no_go"


async def test_long_notes_do_not_outgrow_the_row_nor_end_the_window(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna", note="Ж" * 1000)
    for _ in range(8):
        told = await cutovers.act(world.plan, ACT.TICK, "Ben", about="webhook-1", note="Ж" * 1000)
    assert len(json.dumps((await world.stores.shared.read("cutover", "demo")).value)) < 32_768
    assert _says(told)["window"] == "go"


async def test_nobody_switches_against_the_sheet_without_saying_why(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    with pytest.raises(ControlError) as caught:
        await cutovers.act(world.plan, ACT.SWITCH, "Anna")
    assert caught.value.code == "INVALID_STATE"
    told = await cutovers.act(world.plan, ACT.SWITCH, "Anna", note="the board decided")
    assert told["users_work_at"] == "target"


async def test_what_is_due_is_due_after_the_switch(cutovers: Cutovers, world: World) -> None:
    told = await _ready(cutovers, world)
    assert {as_map(one)["due"] for one in as_list(told["checklist"])} == {None}
    told = await cutovers.act(world.plan, ACT.SWITCH, "Anna")
    assert not any(as_map(one)["overdue"] for one in as_list(told["checklist"]))
    world.clock.offset += timedelta(hours=49).total_seconds()
    told = await cutovers.of(world.plan)
    assert [as_map(one)["item"] for one in as_list(told["checklist"]) if as_map(one)["overdue"]] == [
        "webhook-1",
        "watch",
    ]


async def test_a_line_that_is_ticked_off_is_done(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    told = await cutovers.act(world.plan, ACT.TICK, "Ben", about="webhook-1")
    assert {as_map(one)["item"]: as_map(one)["done"] for one in as_list(told["checklist"])}["webhook-1"] is True


async def test_a_line_that_is_not_there_cannot_be_ticked_off(cutovers: Cutovers, world: World) -> None:
    await cutovers.act(world.plan, ACT.START, "Anna")
    with pytest.raises(ControlError):
        await cutovers.act(world.plan, ACT.TICK, "Ben", about="webhook-9")


@pytest.mark.parametrize("action", [ACT.LINK, ACT.SWITCH, ACT.FINISH, ACT.CANCEL, ACT.TICK])
async def test_before_the_window_there_is_nothing_to_do_but_to_begin_it(
    cutovers: Cutovers, world: World, action: CutoverAction
) -> None:
    with pytest.raises(ControlError) as caught:
        await cutovers.act(world.plan, action, "Anna")
    assert caught.value.code == "INVALID_STATE"


async def test_a_cutover_that_is_called_off_leaves_users_at_the_source(cutovers: Cutovers, world: World) -> None:
    await _ready(cutovers, world)
    await cutovers.act(world.plan, ACT.SWITCH, "Anna")
    told = await cutovers.act(world.plan, ACT.CANCEL, "Anna", note="the phones do not ring")
    assert (told["state"], told["users_work_at"]) == ("cancelled", "source")


async def test_the_end_of_the_window_is_on_record(cutovers: Cutovers, world: World) -> None:
    await _ready(cutovers, world)
    await cutovers.act(world.plan, ACT.SWITCH, "Anna")
    told = await cutovers.act(world.plan, ACT.FINISH, "Anna")
    assert told["state"] == "finished"
    assert [as_map(one)["action"] for one in as_list(told["events"])] == ["start", "link", "link", "switch", "finish"]
