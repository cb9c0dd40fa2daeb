"""Rows whose worker raises what nobody expected: no tick wakes them up at once, and they are not tried for ever."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.engine.pauses import DEFECT, OUTAGE, Pauses
from shared.engine.runs.request import RunRequest
from shared.model.ledger import PageState, Stage
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.records import UndoPhase
from shared.model.run import Run, RunMode, RunOptions, RunState


class Defect(Exception):
    """What nobody expected."""


def broken(world: Any) -> None:
    """The target's client has a defect when departments are written."""

    def before(entity: str, _items: Any) -> None:
        if entity == "department":
            raise Defect

    world.gateway.before = before


async def test_a_slice_with_a_defect_waits_before_it_is_woken_up_again(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    await world.messages(IMPORT_QUEUE)
    broken(world)
    with pytest.raises(Defect):
        await world.importer.work(message)
    row = await world.stores.ledger.get(message.key)
    assert (row.attempts, row.held_by) == (1, None)
    assert row.not_before > world.clock.seconds()
    await world.tick(run)
    assert message.dump() not in await world.messages(IMPORT_QUEUE)


async def test_a_defect_whose_messages_get_lost_is_given_up_in_the_end(world) -> None:
    run = await world.start(entities=("department",))
    broken(world)
    for _ in range(80):
        if (await world.tick(await world.run(run.run_id))).stop:
            break
        for text in await world.messages(IMPORT_QUEUE):
            with contextlib.suppress(Defect):
                await world.work(ImportMessage.load(text))
        await world.deliver()
        world.clock.offset += 150
        await world.watchdog.look(("demo",), _alive, world.starter)
    ended = await world.run(run.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert {one.reason for one in await world.stores.dead_letters.page(run.run_id)} == {"page.crashed_worker"}


async def test_the_watchdog_leaves_a_defect_to_the_poison_queue_while_that_has_no_message_of_it(world) -> None:
    """A message that was dequeued comes back after 30 seconds, four times; its row is woken up in between as well."""
    run = await world.start(entities=("department",))
    message = await world.first_import(run)
    broken(world)
    coming, found = dict[float, list[ImportMessage]](), []
    for second in range(0, 120, 2):
        await world.tick(run)
        new = [ImportMessage.load(text) for text in await world.messages(IMPORT_QUEUE)]
        for one in [*new, *coming.pop(second, [])]:
            with contextlib.suppress(Defect):
                await world.work(one)
                continue
            coming.setdefault(second + 30, []).append(one)
        world.clock.offset += 2
        found += await world.watchdog.look(("demo",), _alive, world.starter)
    assert found == []
    assert (await world.stores.ledger.get(message.key)).state is PageState.PENDING


async def _alive(_instance_id: str) -> bool:
    return True


async def _undo(world: Any) -> Run:
    """An undo of what was moved."""
    first = await world.drive((await world.start()).run_id)
    return await world.undo(first.run_id)


async def _proof(world: Any) -> Run:
    """A comparison of what was moved."""
    await world.drive((await world.start()).run_id)
    return await world.start(RunMode.VALIDATE)


async def _deletion(world: Any) -> Run:
    """A delta that deletes what the source has no more."""
    await world.drive((await world.start()).run_id)
    del world.portal.records["group"][7]
    request = RunRequest("demo", RunMode.DELTA, options=RunOptions(apply_deletes=True))
    return await world.control.start(request, "tester", world.starter)


STAGES = pytest.mark.parametrize(
    ("stage", "call", "begin"),
    [
        (Stage.UNDO, UndoPhase.DELETE.value, _undo),
        (Stage.DELETE, "delete group", _deletion),
        (Stage.VERIFY, "import.read", _proof),
    ],
)
"""Stages beside the import, the call of the target's client that has a defect, and a run that comes to it."""

Begin = Callable[[Any], Awaitable[Run]]


def _broken_call(world: Any, call: str) -> None:
    def before(name: str, _items: Any) -> None:
        if name == call:
            raise Defect

    world.gateway.before = before


async def _with_losses(world: Any, run: Run, turns: int = 120) -> Run:
    """Drive a run; whatever comes back to the queue after a defect gets lost."""
    for _ in range(turns):
        if (await world.tick(await world.run(run.run_id))).stop:
            break
        for text in await world.messages(IMPORT_QUEUE):
            with contextlib.suppress(Defect):
                await world.work(ImportMessage.load(text))
        if not await world.deliver():
            world.clock.offset += 150
        await world.watchdog.look(("demo",), _alive, world.starter)
    return await world.run(run.run_id)


@STAGES
async def test_a_row_of_any_stage_waits_after_a_defect(world, stage: Stage, call: str, begin: Begin) -> None:
    run = await begin(world)
    _broken_call(world, call)
    met = False
    for _ in range(60):
        await world.tick(run)
        for text in await world.messages(IMPORT_QUEUE):
            try:
                await world.work(ImportMessage.load(text))
            except Defect:
                met = True
        if met:
            break
        await world.deliver()
    rows = [row for row in await world.stores.ledger.scan(run.run_id, stage=stage) if row.attempts]
    assert rows
    assert all((row.state, row.attempts, row.held_by) == (PageState.PENDING, 1, None) for row in rows)
    assert all(row.not_before > world.clock.seconds() for row in rows)


@STAGES
async def test_a_row_of_any_stage_is_done_after_a_defect_that_passes(
    world, stage: Stage, call: str, begin: Begin
) -> None:
    run = await begin(world)
    left = [2]

    def before(name: str, _items: Any) -> None:
        if name == call and left[0]:
            left[0] -= 1
            raise Defect

    world.gateway.before = before
    ended = await _with_losses(world, run)
    assert not left[0]
    assert ended.state.ended
    assert {row.state for row in await world.stores.ledger.scan(run.run_id, stage=stage)} == {PageState.DONE}


@STAGES
async def test_the_run_goes_on_without_a_row_that_meets_a_defect_each_time(
    world, stage: Stage, call: str, begin: Begin
) -> None:
    run = await begin(world)
    _broken_call(world, call)
    ended = await _with_losses(world, run)
    dead = [row for row in await world.stores.ledger.scan(run.run_id, stage=stage) if row.state is PageState.DEAD]
    assert ended.state.ended
    assert {row.reason for row in dead} == {"page.crashed_worker"}


def test_pauses_double_up_to_their_longest() -> None:
    pauses = Pauses(first=2.0, longest=15.0, jitter=lambda bound: bound)
    assert [pauses.after(attempts) for attempts in range(5)] == [2.0, 4.0, 8.0, 15.0, 15.0]
    assert pauses.after(10_000) == 15.0


def test_an_outage_is_waited_for_as_long_again_as_it_has_lasted() -> None:
    pauses = Pauses(first=2.0, longest=15.0, jitter=lambda bound: bound)
    assert [pauses.since(seconds) for seconds in (0.0, 2.0, 6.0, 600.0)] == [2.0, 4.0, 8.0, 15.0]


@pytest.mark.parametrize("pauses", [OUTAGE, DEFECT], ids=["outage", "defect"])
def test_pauses_are_spread_over_their_whole_length_but_never_nothing(pauses: Pauses) -> None:
    found = [pauses.after(3) for _ in range(300)]
    assert 0.0 < min(found) < pauses.first / 2
    assert max(found) <= pauses.longest
    assert max(found) > min(pauses.longest, pauses.first * 8) * 0.8
