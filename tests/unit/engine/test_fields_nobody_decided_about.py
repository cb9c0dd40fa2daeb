"""A source field that nobody decided about is told by the status, whatever becomes of its records."""

import pytest

from shared.model.run import RunMode
from tests.unit.engine.conftest import World


async def _told(world: World, mode: RunMode = RunMode.FULL) -> dict[str, dict[str, int]]:
    run = await world.drive((await world.start(mode)).run_id)
    return {name: one["undecided"] for name, one in (await world.status(run.run_id))["entities"].items()}


@pytest.fixture
def unknown(world: World) -> World:
    """Two slices' worth of users have a field of their own; in one of them another one is empty."""
    for number in range(50, 70):
        world.portal.records["user"][number]["UF_X"] = "something"
    world.portal.records["user"][7]["UF_Y"] = ""
    return world


@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.DRY_RUN])
async def test_the_status_counts_them_over_all_slices(unknown: World, mode: RunMode) -> None:
    assert await _told(unknown, mode) == {"department": {}, "user": {"UF_X": 20, "UF_Y": 0}, "group": {}}


async def test_a_rerun_that_sends_nothing_tells_them_again(unknown: World) -> None:
    first = await _told(unknown)
    unknown.gateway.calls.clear()
    assert (await _told(unknown), unknown.gateway.calls) == (first, [])


async def test_a_record_that_is_patched_counts_once(world: World) -> None:
    world.portal.records["department"][3]["UF_X"] = "something"
    assert (await _told(world))["department"] == {"UF_X": 1}


async def test_a_record_that_fails_counts_too(unknown: World) -> None:
    unknown.portal.records["user"][50]["EMAIL"] = ""
    assert (await _told(unknown))["user"]["UF_X"] == 20
