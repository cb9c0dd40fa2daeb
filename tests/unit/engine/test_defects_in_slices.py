"""Slices whose worker raises what nobody expected: no tick wakes them up at once, and they are not tried for ever."""

import contextlib
from typing import Any

import pytest

from shared.engine.pauses import DEFECT, OUTAGE, Pauses
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.run import RunState


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
    assert {one.reason for one in await world.stores.dead_letters.list(run.run_id)} == {"page.crashed_worker"}


async def _alive(_instance_id: str) -> bool:
    return True


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
