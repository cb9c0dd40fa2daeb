"""A run of the small world, and the report of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.engine.cutover.checklist import Secret
from shared.engine.cutover.cutovers import Cutovers
from shared.model.run import Run, RunOptions
from shared.report.reports import Reports
from tests.unit.engine.conftest import World, world

__all__ = ["world"]

SECRET = Secret("webhook-1", "Delete webhook 1 of user 7 at portal.example", 48)


def cutovers_of(world: World) -> Cutovers:
    """The cutover of the world's plan."""
    return Cutovers(world.stores.shared, world.control, world.statuses, lambda: [SECRET], world.clock)


Report = Callable[[Run], Awaitable[dict[str, Any]]]


@pytest.fixture
def report(world: World) -> Report:  # the fixture
    async def of(run: Run) -> dict[str, Any]:
        flaws, cutovers = world.flaws, cutovers_of(world)
        reports = Reports(world, world.stores, world.statuses, world.proofs, flaws, cutovers, world.clock)
        return await reports.of(run)

    return of


@pytest.fixture
async def troubled(world: World, report: Report) -> dict[str, Any]:
    """The report of a run in which a record fails, a method is refused, a field is new, and private posts are read."""
    users = world.portal.records["user"]
    users[61]["EMAIL"] = ""
    users[62]["NICKNAME"] = "Bee"
    world.options = RunOptions(private_posts=True, sample=1.0)
    return await report(await world.drive((await world.start()).run_id))
