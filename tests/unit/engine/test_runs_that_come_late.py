"""Runs that work again when later ones have been there: they take nothing back, and vouch for nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.engine.dead_letters.requeueing import Selection
from shared.engine.delta.watermarks import Watermarks
from shared.engine.pages.holding import holding
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.request import RunRequest
from shared.model.ledger import Stage
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import Run, RunMode, RunOptions, RunState
from tests.unit.engine.conftest import World


def _refusing(world: World, *source_ids: str, entity: str = "group") -> None:
    """From now on the target refuses these records, and no others."""

    def refuse(name: str, item: OutgoingItem) -> Receipt | None:
        if name == entity and item.source_id in source_ids:
            return Receipt(item.source_id, "failed", code="VALIDATION", reason="not valid")
        return None

    world.gateway.refuse = refuse


async def _full(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def _requeue(world: World, run: Run) -> None:
    await world.requeueing.requeue(Selection(run_id=run.run_id), "tester", world.starter)


async def _watermark(world: World, entity: str) -> datetime | None:
    mark = await Watermarks(world.stores.shared).of("demo", entity)
    return None if mark is None else mark.at


@pytest.fixture
async def first(world: World) -> Run:
    """A run that could not bring group 7 in."""
    _refusing(world, "7")
    run = await _full(world)
    _refusing(world)
    return run


@pytest.fixture
async def second(world: World, first: Run) -> Run:
    """A later run, for which groups 7 and 8 have got new names."""
    world.portal.records["group"][7]["NAME"] = "newer"
    world.portal.records["group"][8]["NAME"] = "newer"
    return await _full(world)


async def test_a_requeued_record_is_not_put_over_what_a_later_run_wrote(world: World, first: Run, second: Run) -> None:
    await _requeue(world, first)
    await world.drive(first.run_id)
    assert world.gateway.records["group", "7"].data["name"] == "newer"
    assert await world.stores.dead_letters.page(first.run_id) == []


async def test_a_requeued_record_goes_in_when_the_later_run_was_undone(world: World, first: Run, second: Run) -> None:
    await world.drive((await world.undo(second.run_id)).run_id)
    await _requeue(world, first)
    await world.drive(first.run_id)
    assert world.gateway.records["group", "7"].data["name"] == "g7"


async def test_what_a_later_run_wrote_is_not_held_against_an_older_version(world: World) -> None:
    world.options = RunOptions(sample=1.0)
    _refusing(world, "7")
    first = await _full(world)
    _refusing(world)
    world.portal.records["group"][8]["NAME"] = "newer"
    await _full(world)
    await _requeue(world, first)
    ended = await world.drive(first.run_id)
    assert (ended.state, ended.message) == (RunState.COMPLETED, None)


async def test_after_a_requeue_that_was_cancelled_nothing_vouches(world: World, first: Run, second: Run) -> None:
    await _requeue(world, first)
    await world.control.cancel(first.run_id, "tester")
    assert (await world.start()).follows is None


async def test_what_was_undone_gets_no_watermark_by_a_requeue(world: World) -> None:
    _refusing(world, "130", entity="user")
    first = await _full(world)
    _refusing(world)
    await world.drive((await world.undo(first.run_id, "group")).run_id)
    await _requeue(world, first)
    await world.drive(first.run_id)
    assert await _watermark(world, "group") is None
    assert await _watermark(world, "user") is not None


async def test_what_went_along_in_an_undo_is_read_whole_by_the_next_delta(world: World) -> None:
    def along(phase: str, _items: Any) -> None:
        if phase == "delete":
            world.gateway.records = {key: one for key, one in world.gateway.records.items() if key[0] != "group"}

    first = await _full(world)
    world.gateway.after = along
    await world.drive((await world.undo(first.run_id, "user")).run_id)
    assert await _watermark(world, "group") is None


async def test_a_delta_that_leaves_a_gap_does_not_move_the_watermark_on(world: World) -> None:
    await _full(world)
    before = await _watermark(world, "user")
    assert world.portal.clock is not None
    world.portal.clock += timedelta(hours=5)
    request = RunRequest("demo", RunMode.DELTA, since=world.portal.clock - timedelta(hours=1))
    await world.drive((await world.control.start(request, "tester", world.starter)).run_id)
    assert await _watermark(world, "user") == before
    assert await _watermark(world, "department") == world.portal.clock


async def test_a_run_that_lost_its_lock_is_not_resumed_beside_another(world: World) -> None:
    first = await world.start()
    await world.control.pause(first.run_id, "tester")
    lock = await world.stores.runs.lock_of("demo")
    assert lock is not None
    await world.stores.runs.unlock("demo", lock)
    await world.start()
    with pytest.raises(ControlError) as caught:
        await world.control.resume(first.run_id, "tester", world.starter)
    assert caught.value.code == "RUN_ALREADY_ACTIVE"


async def test_a_run_waits_for_what_a_cancelled_requeue_has_in_hand(world: World, first: Run, second: Run) -> None:
    await _requeue(world, first)
    await world.tick(await world.run(first.run_id))
    (row,) = await world.stores.ledger.scan(first.run_id, stage=Stage.REDRIVE)
    async with holding(world.stores.ledger, world.clock, row):
        await world.control.cancel(first.run_id, "tester")
        third = await world.start()
        assert not await world.binder.bind(third.run_id, third.epoch)
    assert await world.binder.bind(third.run_id, third.epoch)


async def test_a_proof_that_is_cancelled_leaves_no_seal_for_what_it_missed(world: World) -> None:
    await _full(world)
    del world.gateway.records["group", "7"]
    run = await world.start(RunMode.VALIDATE)
    idmap = world.stores.idmaps.of("demo")
    while await idmap.find("group", {"7": None}):
        await world.tick(run)
        await world.deliver()
        world.clock.offset += 5
    await world.control.cancel(run.run_id, "tester")
    assert (await world.start()).follows is None


async def test_a_run_that_was_undone_in_part_has_no_proof_to_sign(world: World) -> None:
    first = await _full(world)
    undone = await world.drive((await world.undo(first.run_id, "group")).run_id)
    assert (await world.proofs.of(undone))["passed"] is False
