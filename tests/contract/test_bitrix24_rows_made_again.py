"""Every entity of the plan can be made again of its raw answers, whatever the portal says by then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plans.loading import load_plan
from shared.model.plan import Plan
from shared.model.run import RunOptions
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET = "s3cret-of-the-portal"
PEOPLE = ("--users", "20", "--departments", "4", "--groups", "4")
WORK = ("--posts", "30", "--tasks", "20", "--workflows", "3", "--chats", "6", "--messages", "40")
CRM = ("--deals", "20", "--contacts", "6", "--companies", "5", "--smart-types", "2", "--smart-items", "9")
QUIET = ("--rate", "0", "--operating-limit", "0")


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[SimulatedPortal]:
    with simulated_portal(tmp_path, "--webhook", f"1:{SECRET}", *PEOPLE, *WORK, *CRM, *QUIET, "--pictures") as portal:
        yield portal


def _parents_first(plan: Plan) -> list[str]:
    order: list[str] = []
    left = list(plan.entities)
    while left:
        ready = [one for one in left if {*one.extract_after, *one.also_after} <= set(order)]
        order += [one.name for one in ready]
        left = [one for one in left if one not in ready]
    return order


async def test_every_entity_of_the_plan_is_made_again_without_the_portal(portal: SimulatedPortal) -> None:
    plan = load_plan("bitrix24_onprem").plan
    copy = Copy(portal.source(portal.webhook(SECRET)), RunOptions(private_posts=True, task_files=True))
    await copy.fetch(*_parents_first(plan), ranges=2)
    portal.switch(down=True)
    assert {one: copy.rebuilt(one) for one in plan.names} == {one: copy.rows_of(one) for one in plan.names}
    assert [one for one in plan.names if not copy.rows_of(one)] == []
