"""Requests that are sent again, because their answers were lost on the way: nothing is done twice."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.dead_letters.requeueing import Selection
from shared.engine.job import Pace
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.repeating import Named
from shared.engine.runs.request import RunRequest
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import Run, RunMode, RunState
from shared.ports.stores import RunStore
from tests.unit.engine.conftest import IMPORTED, World

NAMED = Named("a-key", "plan demo, mode full")


class Killed(BaseException):
    """The process is gone."""


class BreakingOff:
    """A store whose user dies before a run is written."""

    def __init__(self, inner: RunStore) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def insert(self, _run: Run) -> Run:
        raise Killed


async def start(world: World, named: Named | None = NAMED, mode: RunMode = RunMode.FULL) -> Run:
    return await world.control.start(RunRequest("demo", mode), "tester", world.starter, named)


async def test_a_start_that_is_repeated_begins_no_second_run(world: World) -> None:
    first = await start(world)
    assert (await start(world)).run_id == first.run_id
    assert [run.run_id for run in await world.stores.runs.list()] == [first.run_id]
    assert len(world.started) == 1


async def test_a_repeat_is_known_when_the_run_has_ended(world: World) -> None:
    first = await world.drive((await start(world)).run_id)
    begun = await world.control.begun(NAMED)
    assert begun is not None
    assert (begun.run_id, begun.state) == (first.run_id, RunState.COMPLETED)
    assert await world.stores.runs.lock_of("demo") is None


async def test_requests_of_one_name_at_the_same_time_begin_one_run(world: World) -> None:
    runs = await asyncio.gather(*(start(world, mode=RunMode.DRY_RUN) for _ in range(5)))
    assert len({run.run_id for run in runs}) == 1
    assert len(await world.stores.runs.list()) == 1


async def test_a_key_belongs_to_one_request(world: World) -> None:
    await start(world)
    other = Named(NAMED.key, "plan demo, mode delta")
    for asked in (world.control.begun(other), start(world, other)):
        with pytest.raises(ControlError) as refused:
            await asked
        assert refused.value.code == "KEY_REUSED"


async def test_another_key_is_another_request(world: World) -> None:
    await start(world)
    with pytest.raises(ControlError) as refused:
        await start(world, Named("another", NAMED.body))
    assert refused.value.code == "RUN_ALREADY_ACTIVE"


async def test_a_start_that_was_refused_can_be_repeated_later(world: World) -> None:
    other = await world.start()
    with pytest.raises(ControlError):
        await start(world)
    await world.drive(other.run_id)
    world.clock.offset += 600
    ended = await world.drive((await start(world)).run_id)
    assert ended.state is RunState.COMPLETED
    assert ended.run_id != other.run_id


@pytest.mark.parametrize("seconds", [1, 600], ids=["at once", "minutes later"])
async def test_a_start_that_broke_off_before_its_run_was_written_begins_it_when_it_is_repeated(
    world: World, seconds: int
) -> None:
    whole = world.stores
    world.stores = replace(whole, runs=BreakingOff(whole.runs))  # type: ignore[arg-type]  # forwards all the rest
    world.rewire()
    with pytest.raises(Killed):
        await start(world)
    world.stores = whole
    world.rewire()
    world.clock.offset += seconds
    assert (await world.drive((await start(world)).run_id)).state is RunState.COMPLETED


async def test_a_key_is_not_kept_as_it_is(world: World) -> None:
    await start(world, Named("my-own-secret", "x"))
    assert "my-own-secret" not in repr(world.stores.shared)


async def test_a_requeue_that_is_repeated_doubles_nothing(world: World) -> None:
    world.pace = Pace(slice_rows=40, judge_after=1_000)
    world.rewire()

    def refuse(name: str, item: OutgoingItem) -> Receipt | None:
        return Receipt(item.source_id, "failed", code="VALIDATION", reason="no") if name == "group" else None

    world.gateway.refuse = refuse
    run = await world.drive((await world.start()).run_id)
    world.gateway.refuse = lambda _name, _item: None
    world.gateway.calls.clear()
    for _ in range(2):
        await world.requeueing.requeue(Selection(run_id=run.run_id), "tester", world.starter)
    ended = await world.drive(run.run_id)
    assert ended.state is RunState.COMPLETED
    assert sorted(int(one) for entity, ids in world.gateway.calls if entity == "group" for one in ids) == [
        *range(1, 46)
    ]
    assert (await world.counts(run.run_id, "imported"))["group"] == IMPORTED["group"]


async def test_a_rollback_that_is_repeated_is_refused_while_it_is_under_way_and_after_it(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    token = (await world.undo_requests.preview(run.run_id, ())).token
    await world.undo_requests.begin(run.run_id, (), token, "tester", world.starter)
    with pytest.raises(ControlError) as under_way:
        await world.undo_requests.begin(run.run_id, (), token, "tester", world.starter)
    ended = await world.drive(run.run_id)
    with pytest.raises(ControlError) as over:
        await world.undo_requests.begin(run.run_id, (), token, "tester", world.starter)
    assert (under_way.value.code, over.value.code) == ("INVALID_STATE", "INVALID_STATE")
    assert (ended.state, ended.undos) == (RunState.ROLLED_BACK, 1)


@pytest.mark.parametrize("action", ["pause", "cancel"])
async def test_what_stops_a_run_is_done_once(world: World, action: str) -> None:
    run = await world.start()
    act = getattr(world.control, action)
    await act(run.run_id, "tester")
    before = await world.run(run.run_id)
    with pytest.raises(ControlError):
        await act(run.run_id, "tester")
    assert await world.run(run.run_id) == before


class Dawdling(BreakingOff):
    """A store that takes seconds to write the first run, in which somebody starts another one."""

    def __init__(self, inner: RunStore, world: World) -> None:
        super().__init__(inner)
        self.world = world
        self.others: list[Run] = []

    async def insert(self, run: Run) -> Run:
        if not self.others:
            self.others.append(run)
            self.world.clock.offset += 3
            self.others[0] = await start(self.world, None)
        return await self.inner.insert(run)


async def test_a_repeat_whose_lock_was_taken_for_abandoned_steps_back(world: World) -> None:
    """The id of a run is promised, and grows too old while the repeated request is about to write the run."""
    whole = world.stores
    world.stores = replace(whole, runs=BreakingOff(whole.runs))
    world.rewire()
    with pytest.raises(Killed):
        await start(world)
    world.clock.offset += 58.5
    dawdling = Dawdling(whole.runs, world)
    world.stores = replace(whole, runs=dawdling)
    world.rewire()
    with pytest.raises(ControlError) as refused:
        await start(world)
    assert refused.value.code == "RUN_ALREADY_ACTIVE"
    working = [run.run_id for run in await whole.runs.list() if run.state.works]
    assert working == [run.run_id for run in dawdling.others]
    assert await world.control.begun(NAMED) is None  # and can be asked for again
