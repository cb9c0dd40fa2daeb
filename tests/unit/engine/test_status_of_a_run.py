"""The status tells what a run waits for, and is what the API says it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.model.errors import RetryLater, SlowDown
from shared.model.records import OutgoingItem
from shared.ports.evidence import record
from tests.unit.engine.conftest import World
from triggers.answer_schemas import ANSWERS

PROVING = ("import.read", "import.list", "import.count")
"""Methods that only the proof calls."""


async def _reading(world: World) -> str:
    """A run of which the first pages were asked for."""
    run = await world.start(entities=("user",))
    for _ in range(3):
        await world.tick(run)
        await world.deliver()
    return run.run_id


async def _user(world: World, run_id: str) -> dict[str, Any]:
    user: dict[str, Any] = (await world.status(run_id))["entities"]["user"]
    return user


async def test_pages_of_a_method_that_rests_say_which_and_until_when(world: World) -> None:
    def rest(entity: str, cursor: dict[str, Any]) -> None:
        if cursor:
            record("user.get", "source.operating_limit")
            raise SlowDown("source.operating_limit", "no time left", retry_after=300)

    world.portal.trouble = rest
    waiting = (await _user(world, await _reading(world)))["waiting"]
    assert (waiting["pages"], waiting["reason"], waiting["message"]) == (
        2,
        "source.operating_limit",
        "user.get rests",
    )
    left = datetime.fromisoformat(waiting["until"]) - datetime.fromtimestamp(world.clock.seconds(), UTC)
    assert 200 < left.total_seconds() < 460


async def test_pages_that_wait_without_a_call_say_what_their_side_said(world: World) -> None:
    def refuse(entity: str, cursor: dict[str, Any]) -> None:
        if cursor:
            raise SlowDown("source.throttled", "no leave to call user.get yet", retry_after=60)

    world.portal.trouble = refuse
    waiting = (await _user(world, await _reading(world)))["waiting"]
    assert (waiting["reason"], waiting["message"]) == ("source.throttled", "no leave to call user.get yet")


async def test_nothing_waits_in_a_run_that_is_paused_or_well(world: World) -> None:
    def rest(entity: str, cursor: dict[str, Any]) -> None:
        if cursor:
            raise SlowDown("source.operating_limit", "no time left", retry_after=300)

    world.portal.trouble = rest
    run_id = await _reading(world)
    await world.control.pause(run_id, "tester")
    assert (await _user(world, run_id))["waiting"] is None


async def test_calls_to_the_target_are_told_by_method_repeated_ones_too(world: World) -> None:
    lost = iter(range(100))

    def lose(entity: str, _items: Sequence[OutgoingItem]) -> None:
        if entity == "user" and next(lost) == 0:
            record("import.user", "target.unreachable")
            raise RetryLater("target.unreachable", "no answer")

    world.gateway.before = lose
    status = await world.status((await world.drive((await world.start()).run_id)).run_id)
    assert status["target_methods"]["import.user"] == {"ok": 4, "target.unreachable": 1}
    told = [method for method, verdicts in status["target_methods"].items() for _ in range(sum(verdicts.values()))]
    assert status["calls"]["target"] == len(told)
    assert sum(method not in PROVING for method in told) == len(world.gateway.calls) + 1
    assert "import.user" not in status["source_methods"]


@pytest.mark.parametrize("name", ["RunStatus", "EntityStatus"])
async def test_the_status_has_what_the_api_describes(world: World, name: str) -> None:
    run = await world.drive((await world.start()).run_id)
    status = await world.status(run.run_id)
    told = status if name == "RunStatus" else status["entities"]["user"]
    assert set(told) == set(ANSWERS[name]["required"])
