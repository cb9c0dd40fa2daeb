"""Governors over the real kinds of shared rows."""

import asyncio

from shared.engine.budgets.buckets import SlidingWindow
from shared.engine.budgets.governor import KIND, Governor
from shared.engine.budgets.methods import MethodBudgets
from shared.ports.stores import Stores


async def test_every_call_is_counted_in_the_shared_window(stores: Stores) -> None:
    governors = [Governor(stores.shared, "target:host:m", SlidingWindow(6000)) for _ in range(3)]
    await asyncio.gather(*(governor.acquire("m") for governor in governors for _ in range(5)))
    stored = await stores.shared.read(KIND, "target:host:m")
    assert stored.value is not None
    assert sum(stored.value["state"]["counts"].values()) >= 15


async def test_a_pause_reaches_the_other_processes(stores: Stores) -> None:
    one, other = (MethodBudgets(stores.shared, "target:host") for _ in range(2))
    await one.throttled("m", 1.0)
    paused = asyncio.create_task(other.acquire("m"))
    await other.acquire("n")
    assert not paused.done()
    await paused
