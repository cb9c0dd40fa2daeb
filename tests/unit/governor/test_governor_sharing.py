"""Several processes share one row: together they keep to a limit, and use it up."""

import asyncio
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine.budgets.buckets import Allowance, SlidingWindow, TokenBucket
from shared.engine.budgets.governor import Governor
from shared.model.errors import RetryLater, SlowDown
from tests.unit.governor.virtual_time import Rows, on_virtual_time, seconds


async def _work(governor: Governor, until: float, call_seconds: float, begun: list[float]) -> None:
    while seconds() < until:
        try:
            await governor.acquire("m")
        except (SlowDown, RetryLater):  # a row that stays contended is asked for again, like a limit that is reached
            continue
        begun.append(seconds())
        await asyncio.sleep(call_seconds)


def _share(
    allowance: Allowance, length: float, processes: int, workers: int, call_seconds: float, latency: float
) -> tuple[list[float], int]:
    """When calls began, and how often the store was called, with every worker asking again and again."""

    async def scenario() -> tuple[list[float], int]:
        rows, begun = Rows(latency), list[float]()
        governors = [Governor(rows, "target:host:m", allowance) for _ in range(processes)]
        async with asyncio.TaskGroup() as group:
            for governor in governors:
                for _ in range(workers):
                    group.create_task(_work(governor, length, call_seconds, begun))
        return sorted(begun), rows.calls

    return on_virtual_time(scenario)


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 8), st.floats(0.05, 4.0), st.floats(0.0, 0.2), st.integers(20, 240))
def test_processes_together_never_overflow_a_sliding_window(
    processes: int, workers: int, call_seconds: float, latency: float, limit: int
) -> None:
    begun, _ = _share(SlidingWindow(limit), 200.0, processes, workers, call_seconds, latency)
    recent: deque[float] = deque()
    for start in begun:
        recent.append(start)
        while recent[0] <= start - 60.0:
            recent.popleft()
        assert len(recent) <= limit


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 8), st.floats(0.05, 4.0), st.floats(0.0, 0.2))
def test_processes_together_never_overflow_the_portals_bucket(
    processes: int, workers: int, call_seconds: float, latency: float
) -> None:
    begun, _ = _share(TokenBucket(2.0, 40.0), 150.0, processes, workers, call_seconds, latency)
    level, before = 0.0, 0.0
    for start in begun:
        level = max(0.0, level - 2.0 * (start - before)) + 1
        before = start
        assert level <= 50.0


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize(
    ("allowance", "promised"), [(TokenBucket(2.0, 40.0), 2.0), (SlidingWindow(300), 5.0), (SlidingWindow(60), 1.0)]
)
def test_processes_together_use_at_least_95_per_cent_of_a_limit(
    allowance: Allowance, promised: float, processes: int
) -> None:
    begun, _ = _share(allowance, 680.0, processes, 6, 0.5, 0.02)
    assert len([start for start in begun if start >= 60.0]) >= 0.95 * promised * 620.0


@pytest.mark.parametrize("processes", [1, 3])
def test_a_grant_costs_about_two_storage_calls_at_most(processes: int) -> None:
    begun, calls = _share(TokenBucket(2.0, 40.0), 600.0, processes, 4, 0.5, 0.02)
    assert calls <= 2.0 * len(begun)


def test_a_worker_that_calls_in_turn_shares_a_draw_with_itself() -> None:
    begun, calls = _share(SlidingWindow(600), 120.0, 1, 1, 0.05, 0.02)
    assert calls <= 0.6 * len(begun)
