"""Asking whether a method rests, without making a call of its own: for methods inside a batch."""

import pytest

from shared.engine.budgets.buckets import TokenBucket
from shared.engine.budgets.governor import Governor
from shared.model.errors import SlowDown
from tests.unit.governor.virtual_time import Rows, on_virtual_time, seconds


def test_a_method_that_rests_is_refused_even_when_no_call_is_counted() -> None:
    async def scenario() -> None:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(2.0, 40.0))
        await governor.throttled("task.get", 60.0)
        with pytest.raises(SlowDown):
            await governor.acquire("task.get", 0)
        await governor.acquire("task.list", 0)

    on_virtual_time(scenario)


def test_asking_uses_nothing_up() -> None:
    async def scenario() -> float:
        governor = Governor(Rows(), "source:host:rate", TokenBucket(0.1, 1.0))
        for _ in range(20):
            await governor.acquire("task.get", 0)
        await governor.acquire("task.get")
        return seconds()

    assert on_virtual_time(scenario) < 5.0
