"""Dead letters of a run that was rolled back in part: what is gone does not come back one by one."""

from collections.abc import Collection

import pytest

from shared.engine.dead_letters.requeueing import MOST_LOOKED_AT, Requeueing, Selection
from shared.engine.runs.refusals import ControlError
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import Run, RunState
from tests.unit.engine.conftest import World


def _refuse(world: World, ids: Collection[tuple[str, str]]) -> None:
    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        refused = (entity, item.source_id) in ids
        return Receipt(item.source_id, "failed", code="VALIDATION", reason="no") if refused else None

    world.gateway.refuse = refuse


async def _undone(world: World) -> Run:
    """A run with a dead user and a dead group, of which the groups were rolled back."""
    _refuse(world, {("group", "9"), ("user", "130")})
    run = await world.drive((await world.start()).run_id)
    await world.undo(run.run_id, "group")
    _refuse(world, ())
    return await world.drive(run.run_id)


@pytest.mark.parametrize("most", [MOST_LOOKED_AT, 0], ids=["few letters", "too many to look at"])
async def test_letters_of_what_was_rolled_back_stay(world: World, most: int) -> None:
    run = await _undone(world)
    requeueing = Requeueing(world.stores, world.control, most)
    with pytest.raises(ControlError) as refused:
        await requeueing.requeue(Selection(run_id=run.run_id), "tester", world.starter)
    assert refused.value.code == "INVALID_STATE"
    assert "rolled back for group" in str(refused.value)
    assert await world.run(run.run_id) == run


async def test_other_letters_of_such_a_run_go_again(world: World) -> None:
    run = await _undone(world)
    places = [one.place for one in await world.stores.dead_letters.page(run.run_id) if one.entity == "user"]
    await world.requeueing.requeue(Selection(tuple(places)), "tester", world.starter)
    again = await world.drive(run.run_id)
    assert again.state is RunState.COMPLETED_WITH_ERRORS
    assert ("user", "130") in world.gateway.records
    assert ("group", "9") not in world.gateway.records
    assert again.reason is None
