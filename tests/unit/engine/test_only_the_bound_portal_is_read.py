"""A run goes no further on a portal to which its id map does not belong."""

import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.errors import RetryLater
from shared.model.run import Run, RunState
from tests.unit.engine.conftest import World


@pytest.fixture
async def begun(world: World) -> Run:
    """A run that is bound and cut; then the host begins anew with the settings of another portal."""
    run = await world.start()
    for _ in range(2):
        await world.tick(run)
    world.portal.name = "other.example"
    world.rewire()
    return run


async def test_a_host_that_restarts_with_another_portal_halts_the_run(world: World, begun: Run) -> None:
    run = await world.drive(begun.run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "target.changed")
    assert not [entity for entity, _ in world.gateway.records if entity == "user"]


async def test_a_run_cannot_be_resumed_on_another_portal(world: World, begun: Run) -> None:
    await world.control.pause(begun.run_id, "tester")
    with pytest.raises(ControlError) as refused:
        await world.control.resume(begun.run_id, "tester", world.starter)
    assert refused.value.code == "TARGET_CHANGED"


async def test_nobody_is_woken_up_before_a_generation_is_bound(world: World) -> None:
    run = await world.start()
    world.gateway.before = _out
    for _ in range(6):
        await world.tick(run)
        assert not await world.deliver()
        world.clock.offset += 3
    assert (await world.status(run.run_id))["entities"]["user"]["extracted"] == 0


def _out(_entity: str, _items: object) -> None:
    raise RetryLater("target.unreachable", "the gateway is down")
