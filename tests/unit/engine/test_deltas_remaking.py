"""Making all records again after their mapping has changed, where not everything goes well."""

from dataclasses import replace

import pytest

from shared.engine.dead_letters.requeueing import Selection
from shared.engine.pages.completing import go_without
from shared.engine.runs.missing import Part
from shared.engine.runs.request import RunRequest
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject
from shared.model.ledger import PageState, Stage
from shared.model.records import Receipt
from shared.model.run import Run, RunMode
from tests.unit.engine.conftest import World


async def _finished(world: World, mode: RunMode = RunMode.DELTA) -> Run:
    return await world.drive((await world.start(mode)).run_id)


@pytest.fixture
async def remapped(world: World) -> World:
    """A world that was moved once, and whose users are mapped in another way since."""
    await _finished(world, RunMode.FULL)
    world.plan = replace(world.plan, digest="digest-2", recipes={"user": "another"})
    return world


async def test_where_the_search_for_missing_ones_is_refused_users_are_made_again_once(remapped: World) -> None:
    def refused(entity: str, cursor: JsonObject) -> None:
        if "shown" in cursor and entity == "user":
            raise EntityStopped("source.denied", "no")

    remapped.portal.trouble = refused
    runs = [await _finished(remapped)]
    remapped.portal.trouble = lambda _entity, _cursor: None
    runs += [await _finished(remapped), await _finished(remapped)]
    again = [(await remapped.status(run.run_id))["entities"]["user"]["made_again"] for run in runs]
    assert sum(again) == 130


async def test_what_was_given_up_before_it_was_made_again_is_so_by_the_next_delta(remapped: World) -> None:
    run = await remapped.control.start(RunRequest("demo", RunMode.DELTA), "tester", remapped.starter)
    while not (await remapped.tick(run)).stop:
        for row in await remapped.stores.ledger.scan(run.run_id, stage=Stage.DELETE):
            if row.key.part == Part.LOOSEN and row.state is PageState.PENDING:
                await go_without(remapped.stores.ledger, row, "page.crashed_worker", at=remapped.clock.seconds())
        if not await remapped.deliver():
            remapped.clock.offset += 5
    assert (await _finished(remapped)).remade == ("user",)


async def test_what_was_requeued_in_a_delta_is_linked_from_what_was_there_before(world: World) -> None:
    for user, department in ((5, 99), (6, 98)):
        world.portal.records["user"][user]["DEPARTMENTS"] = [department]
    await _finished(world, RunMode.FULL)
    for department in (99, 98):
        world.portal.records["department"][department] = {"NAME": f"d{department}", "PARENT": "", "HEAD": ""}
    refused = Receipt("99", "failed", code="VALIDATION", reason="no")
    world.gateway.refuse = lambda entity, item: refused if (entity, item.source_id) == ("department", "99") else None
    run = await _finished(world)
    world.gateway.refuse = lambda _entity, _item: None
    await world.requeueing.requeue(Selection((), run_id=run.run_id), "tester", world.starter)
    await world.drive(run.run_id)
    linked = [world.gateway.records["user", user].data["department_ids"] for user in ("5", "6")]
    assert linked == [["t-department-99"], ["t-department-98"]]


async def test_where_nothing_new_came_after_a_requeue_nothing_is_looked_through_again(remapped: World) -> None:
    remapped.portal.records["department"][99] = {"NAME": "d99", "PARENT": "", "HEAD": ""}
    refused = Receipt("99", "failed", code="VALIDATION", reason="no")
    remapped.gateway.refuse = lambda _entity, item: refused if item.source_id == "99" else None
    run = await _finished(remapped)
    await remapped.requeueing.requeue(Selection((), run_id=run.run_id), "tester", remapped.starter)
    await remapped.drive(run.run_id)
    rows = await remapped.stores.ledger.scan(run.run_id, entity="user", stage=Stage.DELETE)
    assert sum(row.key.part == Part.LOOSEN for row in rows) == 1


async def test_all_is_made_again_but_once_though_a_requeued_record_came_late(remapped: World) -> None:
    remapped.portal.records["department"][99] = {"NAME": "d99", "PARENT": "", "HEAD": ""}
    refused = Receipt("99", "failed", code="VALIDATION", reason="no")
    remapped.gateway.refuse = lambda _entity, item: refused if item.source_id == "99" else None
    run = await _finished(remapped)
    remapped.gateway.refuse = lambda _entity, _item: None
    await remapped.requeueing.requeue(Selection((), run_id=run.run_id), "tester", remapped.starter)
    run = await remapped.drive(run.run_id)
    assert (await remapped.status(run.run_id))["entities"]["user"]["made_again"] == 130
