"""Work that has the process for itself."""

import asyncio

from shared.engine.pages.solitude import Solitude


class Watched:
    """Notes who is at work, and how many at a time."""

    def __init__(self) -> None:
        self.solitude = Solitude()
        self.inside: set[str] = set()
        self.seen: list[frozenset[str]] = []

    async def work(self, name: str, *, alone: bool = False) -> None:
        async with self.solitude.alone() if alone else self.solitude.among_others():
            self.inside.add(name)
            self.seen.append(frozenset(self.inside))
            for _ in range(3):
                await asyncio.sleep(0)
            self.inside.remove(name)


async def test_others_work_side_by_side() -> None:
    watched = Watched()
    await asyncio.gather(*(watched.work(name) for name in "abc"))
    assert frozenset("abc") in watched.seen


async def test_whoever_is_alone_is_with_nobody() -> None:
    watched = Watched()
    names = [("a", False), ("x", True), ("b", False), ("y", True), ("c", False)]
    await asyncio.gather(*(watched.work(name, alone=alone) for name, alone in names))
    assert {frozenset("x"), frozenset("y")} <= set(watched.seen)
    assert all(len(seen) == 1 for seen in watched.seen if seen & {"x", "y"})


async def test_who_comes_later_waits_for_whoever_wants_to_be_alone() -> None:
    watched = Watched()
    first = asyncio.create_task(watched.work("a"))
    await asyncio.sleep(0)
    await asyncio.gather(watched.work("x", alone=True), watched.work("b"), first)
    assert watched.seen == [frozenset("a"), frozenset("x"), frozenset("b")]


async def test_who_gives_up_waiting_keeps_nobody_out() -> None:
    watched = Watched()
    first = asyncio.create_task(watched.work("a"))
    await asyncio.sleep(0)
    wanting = asyncio.create_task(watched.work("x", alone=True))
    await asyncio.sleep(0)
    wanting.cancel()
    await asyncio.gather(first, wanting, return_exceptions=True)
    async with asyncio.timeout(5):
        await watched.work("b")
    assert watched.seen[-1] == frozenset("b")
