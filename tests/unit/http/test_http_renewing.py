"""Calls with a secret that may be refused and exchanged."""

import asyncio

import pytest

from shared.http.renewing import Renewable, never
from shared.model.errors import PortageError, RetryLater, RunStopped

REFUSED = ("target.unauthorised",)


class Door:
    """Opens for one secret; counts who knocked with which."""

    def __init__(self, opens: str) -> None:
        self.opens = opens
        self.knocked: list[str] = []

    async def enter(self, secret: str) -> str:
        self.knocked.append(secret)
        await asyncio.sleep(0)
        if secret != self.opens:
            raise RunStopped("target.unauthorised", "the code is not valid")
        return "in"


async def new_one(_refused: str) -> str | None:
    return "new"


async def test_a_refused_call_is_made_once_more_with_the_successor() -> None:
    door = Door("new")
    assert await Renewable("old", new_one).use(door.enter, REFUSED) == "in"
    assert door.knocked == ["old", "new"]


async def test_later_calls_begin_with_the_successor() -> None:
    door, secret = Door("new"), Renewable("old", new_one)
    await secret.use(door.enter, REFUSED)
    await secret.use(door.enter, REFUSED)
    assert door.knocked == ["old", "new", "new"]


async def test_calls_that_were_under_way_together_find_the_successor_in_place() -> None:
    door, asked = Door("new"), 0

    async def counting(_refused: str) -> str | None:
        nonlocal asked
        asked += 1
        return "new"

    secret = Renewable("old", counting)
    assert await asyncio.gather(*(secret.use(door.enter, REFUSED) for _ in range(4))) == ["in"] * 4
    assert asked == 1


async def test_a_successor_that_is_refused_too_is_the_end() -> None:
    door = Door("another")
    with pytest.raises(RunStopped):
        await Renewable("old", new_one).use(door.enter, REFUSED)
    assert door.knocked == ["old", "new"]


async def test_without_a_successor_the_refusal_stands() -> None:
    door = Door("new")
    with pytest.raises(RunStopped):
        await Renewable("old", never).use(door.enter, REFUSED)
    assert door.knocked == ["old"]


async def test_other_errors_exchange_nothing() -> None:
    async def out(_secret: str) -> str:
        raise RetryLater("target.unreachable", "ConnectError")

    secret = Renewable("old", new_one)
    with pytest.raises(PortageError, match="ConnectError"):
        await secret.use(out, REFUSED)
    assert secret.now == "old"
