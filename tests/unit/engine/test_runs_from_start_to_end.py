"""Whole runs in memory: what arrives, what a second run does, and what may not be started."""

from dataclasses import replace

import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.run import RunMode, RunState
from tests.unit.engine.conftest import IMPORTED, World


async def test_everything_arrives_with_its_references(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert await world.counts(run.run_id, "imported") == IMPORTED
    assert len(world.gateway.records) == sum(IMPORTED.values())
    assert world.gateway.records["department", "5"].data == {
        "name": "d5",
        "parent_id": "t-department-2",
        "head_id": "t-user-50",
    }
    assert world.gateway.records["group", "45"].data["owner_id"] == "t-user-45"


async def test_parents_go_before_their_children(world: World) -> None:
    await world.drive((await world.start()).run_id)
    order = [source_id for entity, ids in world.gateway.calls if entity == "department" for source_id in ids]
    first = {source_id: order.index(source_id) for source_id in order}
    assert all(first[str(child // 2)] < first[str(child)] for child in range(2, 13))


async def test_a_cycle_is_closed_by_one_patch(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    assert {written.versions for key, written in world.gateway.records.items() if key[0] == "department"} == {2}
    assert (await world.counts(run.run_id, "patched"))["department"] == 12


async def test_a_second_run_sends_nothing(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.calls.clear()
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert world.gateway.calls == []
    assert await world.counts(run.run_id, "skipped") == IMPORTED
    assert sum((await world.counts(run.run_id, "imported")).values()) == 0


async def test_only_what_changed_is_sent_again(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.calls.clear()
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    run = await world.drive((await world.start()).run_id)
    assert world.gateway.calls == [("user", ["7"])]
    assert (await world.counts(run.run_id, "updated"))["user"] == 1


async def test_a_dry_run_counts_and_writes_nothing(world: World) -> None:
    run = await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    assert run.state is RunState.COMPLETED
    assert await world.counts(run.run_id, "imported") == IMPORTED
    assert not world.gateway.records
    assert await world.stores.runs.lock_of("demo") is None


async def test_a_second_start_is_refused_while_a_run_is_active(world: World) -> None:
    first = await world.start()
    with pytest.raises(ControlError, match=first.run_id) as caught:
        await world.start()
    assert caught.value.code == "RUN_ALREADY_ACTIVE"


async def test_a_lock_whose_run_has_ended_does_not_block(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    await world.stores.runs.lock("demo", run.run_id)
    assert (await world.start()).run_id != run.run_id


async def test_cancel_frees_the_plan_and_late_messages_do_nothing(world: World) -> None:
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    await world.control.cancel(run.run_id, "tester")
    await world.deliver()
    assert not world.gateway.records
    assert (await world.start()).run_id != run.run_id


async def test_a_changed_plan_halts_a_run_that_is_under_way(world: World) -> None:
    run = await world.start()
    world.plan = replace(world.plan, digest="digest-2")
    halted = await world.drive(run.run_id)
    assert (halted.state, halted.reason) == (RunState.HALTED, "plan.changed")


async def test_a_run_of_a_plan_that_has_changed_is_not_resumed_before_it_is_as_it_was(world: World) -> None:
    run, before = await world.start(), world.plan
    world.plan = replace(world.plan, digest="digest-2")
    await world.drive(run.run_id)
    with pytest.raises(ControlError, match="cancel it and start a new run"):
        await world.control.resume(run.run_id, "tester", world.starter)
    world.plan = before
    await world.control.resume(run.run_id, "tester", world.starter)
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_another_store_behind_the_gateway_is_refused(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.store_id = "store-2"
    with pytest.raises(ControlError) as caught:
        await world.start()
    assert caught.value.code == "TARGET_CHANGED"


async def test_another_portal_is_refused(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.portal.name = "other.example"
    with pytest.raises(ControlError) as caught:
        await world.start()
    assert caught.value.code == "TARGET_CHANGED"


async def test_the_watchdog_revives_a_run_that_nobody_drives(world: World) -> None:
    run = await world.start()

    async def dead(instance_id):
        return False

    assert [one.run_id for one in await world.watchdog.look(("demo",), dead, world.starter)] == [run.run_id]
    assert world.started[-1][0] == f"{run.run_id}-2"
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_status_tells_pages_only_when_they_are_known(world: World) -> None:
    run = await world.start()
    assert (await world.status(run.run_id))["entities"]["user"]["pages"] == {"total": None, "done": 0}
    await world.drive(run.run_id)
    status = await world.status(run.run_id)
    assert status["entities"]["user"]["pages"] == {"total": 2, "done": 2}
    assert status["eta_seconds"] == 0.0
