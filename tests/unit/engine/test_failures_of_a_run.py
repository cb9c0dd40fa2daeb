"""Dead letters among the records attempted, and failures that passed when they were tried again."""

from typing import Any

import pytest

from shared.model.errors import RetryLater
from shared.model.records import OutgoingItem, Receipt
from shared.ports.evidence import record


async def failures(world: Any, run_id: str) -> dict[str, Any]:
    return (await world.status(run_id))["failures"]


def stumbling(world: Any, times: int) -> None:
    """The target stumbles over group 7 so many times."""
    left = [times]

    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        if (entity, item.source_id) != ("group", "7") or not left[0]:
            return None
        left[0] -= 1
        return Receipt(item.source_id, "failed", code="INTERNAL", reason="hiccup", retryable=True)

    world.gateway.refuse = refuse


async def test_a_run_without_failures_has_no_shares_of_them(world) -> None:
    run = await world.drive((await world.start()).run_id)
    assert await failures(world, run.run_id) == {
        "attempted": 187,
        "dead_lettered": 0,
        "dead_letter_share": 0.0,
        "transient": 0,
        "resolved": 0,
        "persistent": 0,
        "resolved_share": None,
    }


async def test_a_record_that_goes_in_at_last_is_resolved(world) -> None:
    stumbling(world, 2)  # both times in one attempt
    run = await world.drive((await world.start()).run_id)
    found = await failures(world, run.run_id)
    assert (found["transient"], found["resolved"], found["resolved_share"]) == (1, 1, 1.0)


async def test_a_record_that_is_given_up_is_not(world) -> None:
    stumbling(world, 1_000)
    run = await world.drive((await world.start()).run_id)
    found = await failures(world, run.run_id)
    assert (found["resolved"], found["resolved_share"], found["dead_lettered"]) == (0, 0.0, 1)
    assert found["transient"] == found["persistent"] == world.pace.transient_attempts + 1
    assert found["dead_letter_share"] == pytest.approx(1 / 187, abs=1e-6)


async def test_a_call_that_broke_and_went_well_later_is_resolved(world) -> None:
    left = [2]

    def trouble(entity: str, cursor: dict[str, Any]) -> None:
        if entity == "user" and cursor and left[0]:
            left[0] -= 1
            record("user.get", "source.unreachable")
            raise RetryLater("source.unreachable", "gone")

    world.portal.trouble = trouble
    run = await world.drive((await world.start()).run_id)
    found = await failures(world, run.run_id)
    assert (found["transient"], found["resolved"], found["persistent"]) == (2, 2, 0)


async def test_a_call_that_is_still_tried_is_not_decided(world) -> None:
    def trouble(entity: str, cursor: dict[str, Any]) -> None:
        if entity == "user" and cursor:
            record("user.get", "source.unreachable")
            raise RetryLater("source.unreachable", "gone")

    world.portal.trouble = trouble
    run = await world.start()
    for _ in range(10):
        await world.tick(run)
        await world.deliver()
    found = await failures(world, run.run_id)
    assert found["transient"] > 0
    assert found["resolved_share"] is None
