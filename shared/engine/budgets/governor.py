"""The governor: draws grants of one shared budget for all workers of a process (DESIGN §4).

A budget is one row that every process changes under optimistic locking: a read and a conditional write book calls for
everybody who waits in this process. Nothing is read or written while nobody waits.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from shared.engine.budgets.buckets import Allowance, Draw
from shared.engine.budgets.service_clock import ServiceClock
from shared.engine.budgets.throttling import EVERY_METHOD, Throttling
from shared.model.errors import Conflict, RetryLater, SlowDown
from shared.model.json import JsonObject
from shared.ports.stores import SharedRows

KIND = "budget"
"""Kind of the shared rows that hold budgets."""

PATIENCE = 5.0
"""Seconds after which a waiter gives up."""

_EXPIRY = 1.0
_HORIZON = 3.0
_SPAN = 1.0
_MOST = 10
_RECENT = 1.0
_SOONEST_REDRAW = 1.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    method: str
    calls: int
    deadline: float
    leave: "asyncio.Future[list[float]]"


class Governor:
    """A ``Budget`` over one shared row. ``name`` begins with the side it belongs to: ``source:host:rate``.

    Waiters of a process are served in order, save those whose method rests. Grants are drawn for as many as wait (or
    asked within the last second), and expire when they go unused for a second. One instance per process and budget.
    """

    def __init__(self, rows: SharedRows, name: str, allowance: Allowance) -> None:
        self.allowance = allowance
        self._rows = rows
        self._name = name
        self._reason = f"{name.partition(':')[0]}.throttled"
        self._clock = ServiceClock()
        self._waiting: deque[_Waiter] = deque()
        self._grants: deque[float] = deque()
        self._used: deque[float] = deque()
        self._pauses: dict[str, float] = {}
        self._redraw_at = 0.0
        self._next_start = 0.0
        self._changed = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None

    async def acquire(self, method: str, calls: int = 1) -> None:
        """Wait for leave to make ``calls`` calls. Raises SlowDown when none comes in time; storage out: RetryLater.

        No calls at all only wait until ``method`` does not rest.
        """
        loop = asyncio.get_running_loop()
        waiter = _Waiter(method, calls, loop.time() + PATIENCE, loop.create_future())
        self._waiting.append(waiter)
        timer = loop.call_later(PATIENCE, self._give_up, waiter)
        self._hand_out()
        self._changed.set()
        if self._waiting and (self._drawing is None or self._drawing.done()):
            self._drawing = asyncio.create_task(self._serve())
        try:
            await waiter.leave
        except asyncio.CancelledError:
            if not waiter.leave.cancelled() and waiter.leave.exception() is None:
                self._grants.extendleft(reversed(waiter.leave.result()))
            raise
        finally:
            timer.cancel()
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            self._changed.set()

    async def used(self) -> float:
        """The share of the budget that all processes have spent: 0 to 1."""
        stored = await self._rows.read(KIND, self._name)
        return self.allowance.used((stored.value or {}).get("state", {}), stored.now)

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """A call was refused for its rate: with ``retry_after`` that method rests so long (``EVERY_METHOD``: all do).

        Without it everybody rests for a moment that grows with repetition, and the pace drops to recover slowly.
        """

        def strike(row: JsonObject, now: float) -> tuple[JsonObject | None, None]:
            before = Throttling.load(row.get("throttling", {}))
            state = row.get("state", {})
            if retry_after is None:
                after, state = before.struck(now), self.allowance.emptied(state, now)
            else:
                after = before.paused(method, now + retry_after)
            self._note_pauses(after)
            return (None if after == before else {"throttling": after.dump(now), "state": state}), None

        await self._update(strike)
        if retry_after is None:
            self._grants.clear()
        self._changed.set()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                self._refuse_hopeless()
                self._hand_out()
                head = next(self._eligible(), None)
                if head and len(self._grants) < head.calls and self._time() >= self._redraw_at:
                    await self._draw()
                else:
                    await self._rest(head)
        except Exception as error:
            for waiter in self._waiting:
                _fail(waiter, error)

    async def _draw(self) -> None:
        draw = await self._update(self._book)
        now = self._time()
        self._grants.extend(self._clock.local(start) for start in draw.starts)
        self._next_start = now if draw.next is None else self._clock.local(draw.next)
        if draw.next is not None and not draw.starts:
            soonest = now + _SOONEST_REDRAW * random.uniform(1.0, 1.25)
            self._redraw_at = max(soonest, self._next_start - _HORIZON)

    def _book(self, row: JsonObject, now: float) -> tuple[JsonObject | None, Draw]:
        throttling = Throttling.load(row.get("throttling", {}))
        self._note_pauses(throttling)
        state = row.get("state", {})
        wanted = self._wanted()
        if wanted <= 0:
            return None, Draw(state, (), None)
        pace = throttling.pace_at(now)
        draw = self.allowance.draw(state, now, wanted, until=now + _HORIZON, span=_SPAN, pace=pace)
        return ({"throttling": throttling.dump(now), "state": draw.state} if draw.starts else None), draw

    def _wanted(self) -> int:
        """Calls to draw: for those who wait, or as many as were used lately, since their makers will be back."""
        calls = [waiter.calls for waiter in self._eligible()]
        if not calls:
            return 0
        while self._used and self._used[0] < self._time() - _RECENT:
            self._used.popleft()
        return min(max(sum(calls), len(self._used)), max(_MOST, calls[0])) - len(self._grants)

    async def _update(self, change: Callable[[JsonObject, float], tuple[JsonObject | None, _Result]]) -> _Result:
        """Read the row, change it, write it back if nobody else did meanwhile; else again, for as long as one waits."""
        deadline = self._time() + PATIENCE
        backoff = 0.02
        while True:
            stored = await self._rows.read(KIND, self._name)
            value, result = change(stored.value or {}, self._clock.read(stored.now, self._time()))
            if value is None:
                return result
            try:
                await self._rows.write(KIND, self._name, value, stored.etag)
            except Conflict:
                if self._time() > deadline:
                    raise RetryLater("storage.unreachable", f"the budget {self._name} stays contended") from None
            else:
                return result
            await asyncio.sleep(random.uniform(0.0, backoff))
            backoff = min(0.5, backoff * 2)

    async def _rest(self, head: _Waiter | None) -> None:
        """Until a grant falls due, a pause ends, it is time to draw again, or somebody comes or goes."""
        instants = [until for until in self._pauses.values() if until > self._time()]
        if head:
            enough = len(self._grants) >= head.calls
            instants.append(self._grants[head.calls - 1] if enough else self._redraw_at)
        self._changed.clear()
        try:
            async with asyncio.timeout_at(min(instants, default=None)):
                await self._changed.wait()
        except TimeoutError:
            return

    def _hand_out(self) -> None:
        now = self._time()
        while waiter := next(self._eligible(), None):
            while self._grants and self._grants[min(waiter.calls, len(self._grants)) - 1] < now - _EXPIRY:
                self._grants.popleft()
            if waiter.calls and (len(self._grants) < waiter.calls or self._grants[waiter.calls - 1] > now):
                return
            self._waiting.remove(waiter)
            if not waiter.leave.done():
                waiter.leave.set_result([self._grants.popleft() for _ in range(waiter.calls)])
                self._used.extend([now] * waiter.calls)

    def _eligible(self) -> Iterator[_Waiter]:
        now = self._time()
        return (waiter for waiter in self._waiting if self._rests_until(waiter.method) <= now)

    def _rests_until(self, method: str) -> float:
        return max(self._pauses.get(method, 0.0), self._pauses.get(EVERY_METHOD, 0.0))

    def _refuse_hopeless(self) -> None:
        for waiter in list(self._waiting):
            if self._rests_until(waiter.method) > waiter.deadline:
                self._waiting.remove(waiter)
                self._give_up(waiter)

    def _give_up(self, waiter: _Waiter) -> None:
        wait = max(self._next_start, self._redraw_at, self._rests_until(waiter.method)) - self._time()
        _fail(waiter, SlowDown(self._reason, f"no leave to call {waiter.method} yet", retry_after=max(1.0, wait)))

    def _note_pauses(self, throttling: Throttling) -> None:
        self._pauses = {method: self._clock.local(until) for method, until in throttling.pauses.items()}

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


def _fail(waiter: _Waiter, error: Exception) -> None:
    if not waiter.leave.done():
        waiter.leave.set_exception(error)
