"""Time that jumps instead of passing, and shared rows of a store that is slow and tells whole seconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from math import floor
from typing import Any, TypeVar

from shared.model.errors import Conflict, RetryLater
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
