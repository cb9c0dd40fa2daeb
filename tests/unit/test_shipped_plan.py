"""The main plan as it is delivered: in which order its entities go in."""

from itertools import pairwise

import pytest

from plans.loading import load_plan
from shared.model.plan import Plan

STEPS = [
    "department",
    "user",
    "group",
    "chat",
    "feed_post",
    "task",
    "company",
    "contact",
    "deal",
    "smart_process_item",
    "workflow_template",
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan("bitrix24_onprem").plan


def _waits_for(plan: Plan, name: str) -> set[str]:
    entity = plan.entity(name)
    direct = {*entity.requires, *entity.import_after}
    return direct.union(*(_waits_for(plan, one) for one in direct))


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(STEPS)))
def test_each_step_waits_until_the_one_before_it_is_in(plan: Plan, earlier: str, later: str) -> None:
    assert earlier in _waits_for(plan, later)


@pytest.mark.parametrize(
    ("owner", "part"), [("chat", "chat_message"), ("feed_post", "feed_comment"), ("task", "task_comment")]
)
def test_parts_wait_for_what_they_are_part_of(plan: Plan, owner: str, part: str) -> None:
    assert owner in plan.entity(part).requires
