"""Deletions after others: what came back since, and what an attempt that broke off has done already."""

from dataclasses import replace

import pytest

from shared.engine.deletions import deleting
from shared.engine.pages.completing import give_up
from shared.engine.runs.request import RunRequest
from shared.model.errors import RetryLater, SlowDown
from shared.model.json import JsonObject
from shared.model.ledger import PageState, Stage
from shared.model.plan import Owner
from shared.model.run import Run, RunMode, RunOptions
from tests.unit.engine.conftest import World

_DELETING = RunOptions(apply_deletes=True, sample=0.0)


async def _run(world: World, entities: tuple[str, ...] = (), mode: RunMode = RunMode.FULL) -> Run:
    request = RunRequest("demo", mode, entities, options=_DELETING)
    return await world.drive((await world.control.start(request, "tester", world.starter)).run_id)


@pytest.fixture
async def restored(world: World) -> World:
    """A world where user 7 and the group that goes with it were deleted, and are back at the source."""
    world.plan = replace(
        world.plan,
        entities=tuple(
            replace(one, goes_with=Owner("user", "OWNER")) if one.name == "group" else one
            for one in world.plan.entities
        ),
    )
    await _run(world)
    user, group = world.portal.records["user"].pop(7), world.portal.records["group"].pop(7)
    await _run(world)
    assert not {("user", "7"), ("group", "7")} & world.gateway.records.keys()
    world.portal.records["user"][7], world.portal.records["group"][7] = user, group
    return world


async def test_what_belongs_to_an_owner_that_another_run_brought_back_is_not_deleted(restored: World) -> None:
    run = await restored.start()
    while ("user", "7") not in restored.gateway.records:
        await restored.tick(run)
        await restored.deliver()
        restored.clock.offset += 1
    await restored.control.cancel(run.run_id, "tester")
    restored.clock.offset += 60
    await _run(restored, ("group",))
    assert ("group", "7") in restored.gateway.records


async def test_what_belongs_to_an_owner_that_came_back_beside_a_lost_page_is_not_deleted(restored: World) -> None:
    def out(entity: str, cursor: JsonObject) -> None:
        if entity == "user" and cursor.get("after", 0) > 0:
            raise RetryLater("source.unreachable", "out")

    restored.portal.trouble = out
    run = await restored.control.start(RunRequest("demo", RunMode.FULL, options=_DELETING), "tester", restored.starter)
    await restored.drive(run.run_id, turns=12)
    for row in await restored.stores.ledger.scan(run.run_id, entity="user", stage=Stage.EXTRACT):
        if row.state is PageState.PENDING:
            await give_up(restored.stores, row, "page.crashed_worker", "crashed", at=restored.clock.seconds())
    restored.portal.trouble = lambda _entity, _cursor: None
    await restored.drive(run.run_id)
    assert ("group", "7") in restored.gateway.records


async def test_what_was_deleted_before_the_target_asked_to_wait_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "_AT_ONCE", 3)
    await _run(world)
    for number in range(1, 10):
        del world.portal.records["group"][number]
    calls = []

    def busy(what: str, _items: object) -> None:
        if what == "delete group":
            calls.append(what)
            if len(calls) == 2:
                raise SlowDown("target.throttled", "wait")

    world.gateway.before = busy
    run = await _run(world, mode=RunMode.DELTA)
    assert (await world.status(run.run_id))["entities"]["group"]["deleted_at_source"]["deleted"] == 9
