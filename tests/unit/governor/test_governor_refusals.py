"""After a refusal: who pauses, for how long, and how calls go on."""

import asyncio

import pytest

from shared.engine.budgets.buckets import TokenBucket
from shared.engine.budgets.governor import Governor
from shared.engine.budgets.throttling import EVERY_METHOD
from shared.model.errors import SlowDown
from tests.unit.governor.virtual_time import Rows, on_virtual_time, seconds


def test_a_refusal_pauses_every_process() -> None:
    async def scenario() -> float:
        rows = Rows()
        one, other = (Governor(rows, "source:host:rate", TokenBucket(2.0, 40.0)) for _ in range(2))
        await one.throttled("m")
        await other.acquire("n")
        return seconds()

    assert 1.5 <= on_virtual_time(scenario) <= 3.0


def test_a_refusal_with_a_term_pauses_its_method_alone() -> None:
    async def scenario() -> tuple[float, float]:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 40.0))
        await governor.throttled("m", 3.0)
        resting = asyncio.create_task(governor.acquire("m"))
        await governor.acquire("n")
        at_once = seconds()
        await resting
        return at_once, seconds()

    at_once, later = on_virtual_time(scenario)
    assert at_once < 0.5
    assert later == pytest.approx(3.0, abs=0.2)


def test_a_refusal_with_a_term_can_speak_of_every_method() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 40.0))
        await governor.throttled(EVERY_METHOD, 3.0)
        await governor.acquire("n")
        return seconds()

    assert on_virtual_time(scenario) == pytest.approx(3.0, abs=0.2)


def test_nobody_waits_for_a_pause_that_outlasts_their_patience() -> None:
    async def scenario() -> tuple[float, SlowDown]:
        governor = Governor(Rows(), "source:host:operating", TokenBucket(2.0, 40.0))
        await governor.throttled("m", 300.0)
        with pytest.raises(SlowDown) as refusal:
            await governor.acquire("m")
        return seconds(), refusal.value

    elapsed, refusal = on_virtual_time(scenario)
    assert elapsed < 0.5
    assert refusal.retry_after == pytest.approx(300.0, abs=1.0)


def test_calls_go_on_more_slowly_after_a_refusal() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 40.0))
        await governor.throttled("m")
        await governor.acquire("m")
        begun = seconds()
        for _ in range(4):
            await governor.acquire("m")
        return seconds() - begun

    assert on_virtual_time(scenario) > 1.2 * 4 / 2.0
