"""Waiting for leave: in order, not for ever, and without harm when somebody leaves."""

import asyncio

import pytest

from shared.engine.budgets.buckets import TokenBucket
from shared.engine.budgets.governor import Governor
from shared.model.errors import RetryLater, SlowDown
from tests.unit.governor.virtual_time import Rows, on_virtual_time, seconds


def test_waiters_of_a_process_are_served_in_order() -> None:
    async def scenario() -> list[int]:
        governor, served = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 1.0)), list[int]()

        async def one(number: int) -> None:
            await governor.acquire("m")
            served.append(number)

        await asyncio.gather(*(one(number) for number in range(6)))
        return served

    assert on_virtual_time(scenario) == list(range(6))


def test_a_waiter_gives_up_after_five_seconds_and_learns_how_long_to_stay_away() -> None:
    async def scenario() -> tuple[float, SlowDown]:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(0.01, 1.0))
        await governor.acquire("m")
        asked = seconds()
        with pytest.raises(SlowDown) as refusal:
            await governor.acquire("m")
        return seconds() - asked, refusal.value

    waited, refusal = on_virtual_time(scenario)
    assert waited == pytest.approx(5.0)
    assert refusal.reason.code == "source.throttled"
    assert refusal.retry_after == pytest.approx(95.0, abs=1.0)


def test_nothing_is_asked_of_the_store_while_nobody_waits() -> None:
    async def scenario() -> tuple[int, int]:
        rows = Rows()
        await Governor(rows, "source:host:rate", TokenBucket(2.0, 40.0)).acquire("m")
        before = rows.calls
        await asyncio.sleep(3600.0)
        return before, rows.calls

    assert on_virtual_time(scenario) == (2, 2)


def test_a_waiter_that_leaves_gives_its_place_to_the_next() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(0.5, 1.0))
        await governor.acquire("m")
        leaving = asyncio.create_task(governor.acquire("m"))
        staying = asyncio.create_task(governor.acquire("m"))
        await asyncio.sleep(1.0)
        leaving.cancel()
        await staying
        return seconds()

    assert on_virtual_time(scenario) == pytest.approx(2.0, abs=0.2)


def test_a_grant_whose_waiter_leaves_at_the_same_moment_is_not_lost() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(0.01, 2.0))
        await governor.acquire("m")
        await governor.acquire("m")
        leaving = asyncio.create_task(governor.acquire("m"))
        await asyncio.sleep(0)
        governor._waiting[0].leave.set_result([seconds()])
        governor._waiting.clear()
        leaving.cancel()
        await governor.acquire("m")
        return seconds()

    assert on_virtual_time(scenario) < 1.0


def test_a_grant_nobody_used_for_a_second_is_gone() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(0.5, 1.0))
        await governor.acquire("m")
        leaving = asyncio.create_task(governor.acquire("m"))
        await asyncio.sleep(1.0)
        leaving.cancel()
        await asyncio.sleep(2.5)
        await governor.acquire("m")
        return seconds()

    assert on_virtual_time(scenario) == pytest.approx(4.0, abs=0.2)


def test_several_calls_are_granted_together() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 1.0))
        await governor.acquire("m", calls=5)
        return seconds()

    assert on_virtual_time(scenario) == pytest.approx(2.0, abs=0.2)


def test_an_outage_of_the_store_reaches_every_waiter_and_passes() -> None:
    async def scenario() -> list[BaseException | None]:
        rows = Rows()
        governor = Governor(rows, "source:host:rate", TokenBucket(2.0, 40.0))
        rows.out = True
        outcomes = await asyncio.gather(*(governor.acquire("m") for _ in range(3)), return_exceptions=True)
        rows.out = False
        await governor.acquire("m")
        return list(outcomes)

    assert [type(outcome) for outcome in on_virtual_time(scenario)] == [RetryLater] * 3
