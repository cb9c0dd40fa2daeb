"""What the watchdog revives, and which locks it takes away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.model.run import RunState


async def alive(_instance_id: str) -> bool:
    return True


async def gone(_instance_id: str) -> bool:
    return False


async def test_a_run_whose_orchestration_lives_is_left_alone(world) -> None:
    run = await world.start()
    before = await world.run(run.run_id)
    assert await world.watchdog.look(("demo",), alive, world.starter) == []
    assert await world.run(run.run_id) == before
    assert len(world.started) == 1


async def test_a_run_that_is_under_way_is_revived_as_a_new_generation(world) -> None:
    run = await world.start()
    await world.tick(run)
    assert (await world.run(run.run_id)).state is RunState.RUNNING
    assert [one.run_id for one in await world.watchdog.look(("demo",), gone, world.starter)] == [run.run_id]
    assert world.started[-1] == (f"{run.run_id}-2", {"run_id": run.run_id, "epoch": 2})
    assert (await world.run(run.run_id)).epoch == 2


async def test_a_paused_run_is_not_revived(world) -> None:
    run = await world.start()
    await world.control.pause(run.run_id, "tester")
    assert await world.watchdog.look(("demo",), gone, world.starter) == []


async def test_the_lock_of_a_run_that_has_ended_is_taken_away(world) -> None:
    run = await world.drive((await world.start()).run_id)
    await world.stores.runs.lock("demo", run.run_id)
    await world.watchdog.look(("demo",), gone, world.starter)
    assert await world.stores.runs.lock_of("demo") is None


async def test_the_lock_of_a_run_that_works_stays(world) -> None:
    run = await world.start()
    await world.watchdog.look(("demo",), alive, world.starter)
    assert (await world.stores.runs.lock_of("demo")).run_id == run.run_id


@pytest.mark.parametrize(("age", "stays"), [(10, True), (120, False)], ids=["just now", "two minutes ago"])
async def test_a_lock_whose_run_was_never_written_stays_for_a_minute(world, age: int, stays: bool) -> None:
    taken = datetime.now(UTC) - timedelta(seconds=age)
    holder = f"run-{taken:%Y%m%d-%H%M%S}-abcdef"
    await world.stores.runs.lock("demo", holder)
    await world.watchdog.look(("demo",), gone, world.starter)
    lock = await world.stores.runs.lock_of("demo")
    assert (lock and lock.run_id) == (holder if stays else None)


async def test_a_restart_is_told_in_the_actions_of_the_run(world) -> None:
    run = await world.start()
    await world.watchdog.look(("demo",), gone, world.starter)
    action = (await world.status(run.run_id))["actions"][-1]
    assert (action["action"], action["by"], action["reason"]) == ("restart", "watchdog", "nobody drove it")


async def test_the_newest_restarts_are_told_beside_what_people_did(world) -> None:
    run = await world.start()
    await world.control.pause(run.run_id, "Anna")
    run = await world.control.resume(run.run_id, "Anna", world.starter)
    for number in range(60):
        await world.control.revive(await world.run(run.run_id), "watchdog", f"time {number}", world.starter)
    told = (await world.run(run.run_id)).actions
    assert [one["action"] for one in told[:2]] == ["pause", "resume"]
    assert [one["reason"] for one in told[2:]] == [f"time {number}" for number in range(10, 60)]


async def test_a_run_whose_lock_another_has_is_not_revived(world) -> None:
    run = await world.start()
    await world.stores.runs.unlock("demo", await world.stores.runs.lock_of("demo"))
    other = await world.start()
    assert [one.run_id for one in await world.watchdog.look(("demo",), gone, world.starter)] == [other.run_id]
    assert (await world.run(run.run_id)).epoch == 1


async def standing_still(world):
    """A run with wake-ups that nobody ever heeds."""
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    return run


async def test_a_run_in_which_nothing_moves_is_restarted(world) -> None:
    run = await standing_still(world)
    assert await world.watchdog.look(("demo",), alive, world.starter) == []
    world.clock.offset += world.pace.stalled_after + 60
    (finding,) = await world.watchdog.look(("demo",), alive, world.starter)
    assert finding.run_id == run.run_id
    assert finding.message.startswith("restarted: nothing has moved since")
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_a_restart_has_its_time_before_the_next_one(world) -> None:
    await standing_still(world)
    world.clock.offset += world.pace.stalled_after + 60
    assert len(await world.watchdog.look(("demo",), alive, world.starter)) == 1
    assert await world.watchdog.look(("demo",), alive, world.starter) == []


async def test_a_run_that_no_restart_helps_is_halted(world) -> None:
    run = await standing_still(world)
    for _ in range(world.pace.most_restarts + 1):
        world.clock.offset += world.pace.stalled_after + 60
        await world.watchdog.look(("demo",), alive, world.starter)
    halted = await world.run(run.run_id)
    assert (halted.state, halted.reason) == (RunState.HALTED, "run.no_progress")


async def test_a_run_that_waits_for_the_other_side_stands_not_still(world) -> None:
    run = await standing_still(world)
    await world.stores.runs.replace(replace(await world.run(run.run_id), waiting_on="source"))
    world.clock.offset += world.pace.stalled_after + 60
    assert await world.watchdog.look(("demo",), alive, world.starter) == []


async def test_a_row_whose_wake_ups_nobody_answers_is_given_up(world) -> None:
    run = await world.start(entities=("department",))
    for _ in range(world.pace.most_attempts + 3):
        await world.tick(run)
        await world.messages("extract")  # taken, and lost
        world.clock.offset += 60
    found = await world.watchdog.look(("demo",), alive, world.starter)
    assert {one.message.split(":")[0] for one in found if one.message.startswith("gave up")} == {
        "gave up department 0/e-0000000-000",
        "gave up department 1/e-0000000-000",
    }
    ended = await world.drive(run.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert {one.reason for one in await world.stores.dead_letters.page(run.run_id)} == {"page.crashed_worker"}


async def test_wake_ups_of_an_earlier_generation_do_not_count(world) -> None:
    run = await world.start(entities=("department",))
    for _ in range(world.pace.most_attempts + 3):
        await world.tick(await world.run(run.run_id))
        await world.messages("extract")
        await world.control.pause(run.run_id, "tester")
        await world.control.resume(run.run_id, "tester", world.starter)
        world.clock.offset += 40
    assert await world.watchdog.look(("demo",), alive, world.starter) == []
