"""Parking, holding and completing one row of the ledger."""

import asyncio
from dataclasses import replace

import pytest

from shared.engine.pages import holding as holding_module
from shared.engine.pages.completing import complete, give_up
from shared.engine.pages.holding import HOLD_SECONDS, holding
from shared.engine.pages.parking import park
from shared.model.errors import Conflict
from shared.model.ledger import PageKey, PageRow, PageState, Stage

_KEY = PageKey("run-1", "user", 0, Stage.IMPORT, 0)


async def put(world, **changes):
    await world.stores.ledger.insert([replace(PageRow(_KEY, enqueued_at=1.0, enqueued_by=1), **changes)])
    return await world.stores.ledger.get(_KEY)


async def test_a_parked_row_waits_and_its_wake_up_is_forgotten(world) -> None:
    await put(world, attempts=1, calls={"user.get ok": 1})
    now = world.clock.seconds()
    await park(world.stores.ledger, world.clock, _KEY, 10.0, attempts=1, calls={"user.get ok": 2})
    row = await world.stores.ledger.get(_KEY)
    assert now + 10 <= row.not_before <= now + 16
    assert (row.enqueued_at, row.attempts, row.calls) == (None, 2, {"user.get ok": 3})


@pytest.mark.parametrize(
    "changes", [{"held_by": "somebody else"}, {"state": PageState.DONE}], ids=["held by another", "done"]
)
async def test_a_row_that_is_not_ours_to_park_is_left_alone(world, changes) -> None:
    before = await put(world, **changes)
    await park(world.stores.ledger, world.clock, _KEY, 10.0, holder="me")
    assert await world.stores.ledger.get(_KEY) == before


async def test_a_holder_who_leaves_without_completing_gives_the_row_back(world) -> None:
    row = await put(world)
    async with holding(world.stores.ledger, world.clock, row):
        assert (await world.stores.ledger.get(_KEY)).held_by is not None
    back = await world.stores.ledger.get(_KEY)
    assert (back.held_by, back.enqueued_at) == (None, None)


async def test_a_held_row_is_taken_by_nobody_else_until_its_hold_is_over(world) -> None:
    row = await put(world, held_by="dead", held_until=world.clock.seconds() + HOLD_SECONDS)
    with pytest.raises(Conflict):
        async with holding(world.stores.ledger, world.clock, row):
            pass
    world.clock.offset += HOLD_SECONDS + 6
    async with holding(world.stores.ledger, world.clock, row) as hold:
        assert hold.safe


class AnswerLost:
    """A ledger whose next update is made, and noted over, and answered as a lost race: the repeat of it lost one."""

    def __init__(self, ledger) -> None:
        self._ledger = ledger
        self._lost = False

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    async def update(self, row):
        written = await self._ledger.update(row)
        if self._lost:
            return written
        self._lost = True
        await self._ledger.mark([replace(written, enqueued_at=5.0)])
        raise Conflict(row.key.row)


async def test_who_takes_a_row_and_is_not_told_so_has_it(world) -> None:
    ledger = AnswerLost(world.stores.ledger)
    async with holding(ledger, world.clock, await put(world)) as hold:
        assert (await world.stores.ledger.get(_KEY)).held_by == hold.token


async def test_a_hold_is_renewed_for_as_long_as_the_row_is_in_hand(world, monkeypatch) -> None:
    monkeypatch.setattr(holding_module, "_BEAT_SECONDS", 0.001)
    async with holding(world.stores.ledger, world.clock, await put(world)) as hold:
        until = hold.row.held_until
        world.clock.offset += HOLD_SECONDS
        async with asyncio.timeout(30):
            while (await world.stores.ledger.get(_KEY)).held_until < until + HOLD_SECONDS:
                await asyncio.sleep(0.001)
        assert hold.safe


async def test_a_row_that_somebody_else_took_cannot_be_completed(world) -> None:
    row = await put(world, held_by="me", held_until=1.0)
    await world.stores.ledger.update(replace(row, held_by="somebody else"))
    with pytest.raises(Conflict):
        await complete(world.stores.ledger, replace(row, state=PageState.DONE, receipts="mine"))


async def test_a_new_wake_up_does_not_keep_a_row_from_being_completed(world) -> None:
    row = await put(world, held_by="me", held_until=1.0)
    await world.stores.ledger.mark([replace(row, enqueued_at=2.0)])
    await complete(world.stores.ledger, replace(row, state=PageState.DONE, receipts="mine"))
    assert (await world.stores.ledger.get(_KEY)).receipts == "mine"


async def test_a_slice_whose_records_nobody_knows_is_given_up_with_one_letter_for_all(world) -> None:
    row = await put(world, cursor={"start": 40, "count": 30}, raw_blob="raw/1")
    await give_up(world.stores, row, "page.rows_lost", "gone", at=7.0)
    dead = await world.stores.ledger.get(_KEY)
    assert (dead.state, dead.reason, dead.counts.dead_lettered) == (PageState.DEAD, "page.rows_lost", 30)
    (letter,) = await world.stores.dead_letters.page("run-1")
    assert (letter.source_id, letter.raw_blob) == ("range-0-page-0-slice-0", "raw/1")


async def test_a_row_that_somebody_completes_meanwhile_is_not_given_up(world) -> None:
    row = await put(world)
    await complete(world.stores.ledger, replace(row, state=PageState.DONE, receipts="theirs"))
    await give_up(world.stores, row, "page.rows_lost", "gone", at=7.0, source_ids=[])
    assert (await world.stores.ledger.get(_KEY)).state is PageState.DONE
