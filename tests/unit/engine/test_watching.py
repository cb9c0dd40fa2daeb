"""What the watchdog revives, and which locks it takes away."""

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
    assert await world.watchdog.look(("demo",), gone, world.starter) == [run.run_id]
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
    assert await world.stores.runs.lock_holder("demo") is None


async def test_the_lock_of_a_run_that_works_stays(world) -> None:
    run = await world.start()
    await world.watchdog.look(("demo",), alive, world.starter)
    assert await world.stores.runs.lock_holder("demo") == run.run_id


@pytest.mark.parametrize(("age", "stays"), [(10, True), (120, False)], ids=["just now", "two minutes ago"])
async def test_a_lock_whose_run_was_never_written_stays_for_a_minute(world, age: int, stays: bool) -> None:
    taken = datetime.now(UTC) - timedelta(seconds=age)
    holder = f"run-{taken:%Y%m%d-%H%M%S}-abcdef"
    await world.stores.runs.lock("demo", holder)
    await world.watchdog.look(("demo",), gone, world.starter)
    assert await world.stores.runs.lock_holder("demo") == (holder if stays else None)
