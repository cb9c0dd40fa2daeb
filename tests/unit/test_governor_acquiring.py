"""The governor on a virtual clock: several processes share one row of a store that is slow and tells whole seconds."""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from math import floor
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine.budgets import Allowance, SlidingWindow, TokenBucket
from shared.engine.governor import Governor
from shared.engine.method_budgets import MethodBudgets
from shared.engine.throttling import EVERY_METHOD
from shared.model.errors import Conflict, RetryLater, SlowDown
from shared.model.json import JsonObject
from shared.ports.stores import Stored

BORN = 1_700_000_000.25
_T = TypeVar("_T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer instead of passing."""

    def __init__(self) -> None:
        super().__init__(_Skipping(self))
        self.elapsed = 0.0

    def time(self) -> float:
        return self.elapsed


class _Skipping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for ever"
        self._loop.elapsed += timeout
        return super().select(0)


def on_virtual_time(scenario: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario())


def seconds() -> float:
    return asyncio.get_running_loop().time()


class Rows:
    """Shared rows whose every call takes ``latency`` seconds and whose clock has no fractions."""

    def __init__(self, latency: float = 0.01) -> None:
        self.latency = latency
        self.calls = 0
        self.out = False
        self._rows: dict[tuple[str, str], tuple[JsonObject, int]] = {}

    async def read(self, kind: str, name: str) -> Stored:
        now = await self._served()
        value, version = self._rows.get((kind, name), (None, 0))
        return Stored(value, str(version) if version else None, now)

    async def write(self, kind: str, name: str, value: JsonObject, etag: str | None) -> float:
        now = await self._served()
        version = self._rows.get((kind, name), ({}, 0))[1]
        if (str(version) if version else None) != etag:
            raise Conflict(name)
        self._rows[kind, name] = (value, version + 1)
        return now

    async def delete(self, kind: str, name: str) -> None:
        self._rows.pop((kind, name), None)

    async def all(self, kind: str) -> dict[str, JsonObject]:
        return {name: value for (its_kind, name), (value, _) in self._rows.items() if its_kind == kind}

    async def _served(self) -> float:
        self.calls += 1
        await asyncio.sleep(self.latency / 2)
        if self.out:
            raise RetryLater("storage.unreachable", "out")
        now = float(floor(BORN + seconds()))
        await asyncio.sleep(self.latency / 2)
        return now


async def _work(governor: Governor, until: float, call_seconds: float, begun: list[float]) -> None:
    while seconds() < until:
        try:
            await governor.acquire("m")
        except SlowDown:
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


@settings(max_examples=15, deadline=None)
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


@settings(max_examples=15, deadline=None)
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


def test_methods_have_budgets_of_their_own() -> None:
    async def scenario() -> float:
        budgets = MethodBudgets(Rows(), "target:host")
        budgets.learn({"import.users.batch": 1, "import.tasks.batch": 60})
        await budgets.acquire("import.users.batch")
        await budgets.acquire("import.tasks.batch")
        with pytest.raises(SlowDown):
            await budgets.acquire("import.users.batch")
        asked = seconds()
        await budgets.acquire("import.tasks.batch")
        return seconds() - asked

    assert on_virtual_time(scenario) < 1.0


def test_a_limit_learned_anew_holds_from_then_on() -> None:
    async def scenario() -> float:
        budgets = MethodBudgets(Rows(), "target:host")
        budgets.learn({"m": 1})
        await budgets.acquire("m")
        budgets.learn({"m": 600})
        asked = seconds()
        await asyncio.sleep(60.0)
        for _ in range(20):
            await budgets.acquire("m")
        return seconds() - asked

    assert on_virtual_time(scenario) < 65.0
