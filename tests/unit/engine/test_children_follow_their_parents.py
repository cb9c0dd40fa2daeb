"""Entities that are read by the ids of others, and those that are only archived."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.engine.archive.extracted import RowCache, unread
from shared.engine.archive.rows import dump_rows
from shared.model.errors import EntityStopped, RunStopped, SlowDown
from shared.model.ledger import Counts, EntityRow, PageKey, PageRow, PageState, Stage
from shared.model.plan import Entity
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.model.run import RunState
from shared.ports.evidence import record
from shared.ports.systems import Extracted


class FamilyPortal:
    """Adds ``member`` to a portal: two for each group, one page of them for each page of groups."""

    def __init__(self, world: Any) -> None:
        self.inner = world.portal
        self.throttled_once = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        if entity != "member":
            return await self.inner.cut(entity, ranges, extracted)
        record("member.count", "ok")
        return Cut(tuple({"page": page} for page in await extracted.pages("group")))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        if entity != "member":
            return await self.inner.read(entity, cursor, extracted)
        if not self.throttled_once:
            self.throttled_once = True
            record("member.get", "source.throttled")
            raise SlowDown("source.throttled", "too many")
        record("member.get", "ok")
        parents = await extracted.rows(cursor["page"])
        rows = tuple(SourceRecord(f"{parent.id}{n}", {"GROUP": parent.id}) for parent in parents for n in (1, 2))
        return SourcePage(rows, (b"{}",), None, 1)


def _with_members(world):
    member = Entity("member", extract_after=("group",), archive_only=True)
    world.plan = replace(world.plan, entities=(*world.plan.entities, member))
    world.portal = FamilyPortal(world)
    world.rewire()


async def test_children_are_read_for_every_page_of_their_parents(world):
    _with_members(world)
    run = await world.drive((await world.start()).run_id)
    status = await world.status(run.run_id)
    assert run.state is RunState.COMPLETED
    assert status["entities"]["member"]["extracted"] == 2 * status["entities"]["group"]["extracted"]


async def test_what_is_only_archived_is_not_written(world):
    _with_members(world)
    run = await world.drive((await world.start()).run_id)
    assert "member" not in {entity for entity, _ in world.gateway.calls}
    names = await world.stores.archive.names(f"rows/{run.run_id}/member/")
    lines = [orjson.loads(line) for name in names for line in (await world.stores.archive.get(name)).split(b"\n")]
    assert len(lines) == 90


async def test_the_remaining_time_counts_no_import_of_what_is_only_archived(world):
    _with_members(world)
    run = replace(await world.start(), started_at=world.clock.now() - timedelta(seconds=10))
    key = PageKey(run.run_id, "member", 0, Stage.EXTRACT, 0)
    done = PageRow(key, state=PageState.DONE, counts=Counts(extracted=50))
    await world.stores.ledger.insert([done, PageRow(replace(key, range_no=1))])
    await world.stores.ledger.put_entity(EntityRow(run.run_id, "member", ranges=2, expected=90))
    status = await world.statuses.of(replace(run, entities=("member",)))
    assert status["eta_seconds"] == pytest.approx(40 / 5, rel=0.1)


async def test_every_call_is_in_the_evidence_refused_ones_too(world):
    _with_members(world)
    run = await world.drive((await world.start()).run_id)
    status = await world.status(run.run_id)
    pages = status["entities"]["member"]["pages"]["total"]
    assert status["source_methods"] == {
        "member.count": {"ok": 1},
        "member.get": {"ok": pages, "source.throttled": 1},
    }


@pytest.mark.parametrize("error", [EntityStopped("source.denied", "no"), RunStopped("source.unauthorised", "no")])
async def test_the_call_that_stopped_its_entity_or_the_run_is_in_the_evidence(world, error):
    def refused(entity, cursor):
        if entity == "user" and cursor:
            record("user.get", error.reason.code)
            raise error

    world.portal.trouble = refused
    run = await world.start()
    await world.drive(run.run_id)
    assert (await world.status(run.run_id))["source_methods"]["user.get"][error.reason.code]


async def test_the_call_that_the_target_refused_for_good_is_in_the_evidence(world):
    def refused(entity, _items):
        if entity == "user":
            record("import.user", "target.refused")
            raise RunStopped("target.refused", "no")

    world.gateway.before = refused
    run = await world.start()
    await world.drive(run.run_id)
    assert (await world.status(run.run_id))["target_methods"]["import.user"]["target.refused"]


async def _give_up_the_first_page_of(world, run, entity):
    for _ in range(3):
        await world.tick(run)
    page = (await world.stores.ledger.scan(run.run_id, entity=entity, stage=Stage.EXTRACT))[0]
    dead = replace(page, state=PageState.DEAD, reason="page.crashed_worker")
    await world.stores.ledger.update(dead)


async def test_children_of_a_page_that_was_given_up_are_known_to_be_missing(world):
    _with_members(world)
    run = await world.start()
    await _give_up_the_first_page_of(world, run, "group")
    ended = await world.drive(run.run_id)
    status = await world.status(run.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert status["entities"]["member"]["incomplete"] == "group range 0 from page 0 on (page.crashed_worker)"
    assert status["entities"]["group"]["incomplete"] is None
    assert "member: incomplete" in status["message"]
    assert 0 < status["entities"]["member"]["extracted"] == 2 * status["entities"]["group"]["extracted"] < 90


async def test_what_follows_an_incomplete_entity_is_incomplete_too(world):
    _with_members(world)
    nephew = Entity("nephew", also_after=("member",), archive_only=True)
    world.plan = replace(world.plan, entities=(*world.plan.entities, nephew))
    world.portal.inner.records["nephew"] = {}
    run = await world.start()
    await _give_up_the_first_page_of(world, run, "group")
    await world.drive(run.run_id)
    entities = (await world.status(run.run_id))["entities"]
    assert entities["nephew"]["incomplete"] == entities["member"]["incomplete"]


def _with_nephews(world, *, refused: str, at_cutting: bool):
    """Nephews follow groups as far as these can be read; the portal refuses groups."""
    nephew = Entity("nephew", also_after=("group",), archive_only=True)
    world.plan = replace(world.plan, entities=(*world.plan.entities, nephew))
    world.portal.records["nephew"] = {1: {"NAME": "n1"}}

    def refuse(entity: str, cursor: dict[str, Any]) -> None:
        if entity == "group" and (at_cutting or cursor):
            raise EntityStopped(refused, "not for this webhook")

    world.portal.trouble = refuse
    world.rewire()


@pytest.mark.parametrize(
    ("at_cutting", "told"),
    [
        (True, "group (source.denied)"),
        (False, "group range 0 from page 0 on (source.denied), group range 1 from page 0 on (source.denied)"),
    ],
)
async def test_what_was_cut_while_its_parent_was_stopped_stays_incomplete_after_a_resume(world, at_cutting, told):
    _with_nephews(world, refused="source.denied", at_cutting=at_cutting)
    run = await world.start()
    while (await world.status(run.run_id))["entities"]["nephew"]["extracted"] == 0:
        await world.tick(run)
        await world.deliver()
    await world.control.pause(run.run_id, "tester")
    world.portal.trouble = lambda _entity, _cursor: None
    await world.control.resume(run.run_id, "tester", world.starter)
    ended = await world.drive(run.run_id)
    entities = (await world.status(run.run_id))["entities"]
    assert entities["group"]["imported"] == 45
    assert entities["nephew"]["incomplete"] == told
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert ended.message == f"nephew: incomplete, for it follows what could not be read: {told}"


async def test_nothing_is_missing_of_a_parent_that_the_source_does_not_offer(world):
    _with_nephews(world, refused="source.method_missing", at_cutting=True)
    ended = await world.drive((await world.start()).run_id)
    assert (await world.status(ended.run_id))["entities"]["nephew"]["incomplete"] is None
    assert ended.state is RunState.COMPLETED


async def test_few_pages_of_parents_are_kept_in_memory(world):
    cache, names = RowCache(world, world.stores), [f"rows/run/{number}" for number in range(20)]
    for name in names:
        await world.stores.archive.put(name, dump_rows([SourceRecord("1", {"NAME": "old"})]))
        await cache.rows(name)
        await world.stores.archive.put(name, dump_rows([SourceRecord("1", {"NAME": "new"})]))
    kept = {name for name in reversed(names) if (await cache.rows(name))[0].data["NAME"] == "old"}
    assert kept == set(names[-4:])


async def test_a_long_list_of_missing_pages_is_cut_short(world):
    run = await world.start()
    keys = [PageKey(run.run_id, "user", number, Stage.EXTRACT, 0) for number in range(8)]
    await world.stores.ledger.insert([PageRow(key, state=PageState.DEAD, reason="page.crashed_worker") for key in keys])
    told = await unread(world.stores, run.run_id, ["user"])
    assert told is not None
    assert told.count("page.crashed_worker") == 5
    assert told.endswith(", and 3 more")


async def test_children_of_an_unreadable_entity_are_not_waited_for(world):
    _with_members(world)

    def denied(entity: str, _cursor: dict[str, Any]) -> None:
        if entity == "group":
            raise EntityStopped("source.denied", "no scope")

    world.portal.inner.trouble = denied
    run = await world.drive((await world.start()).run_id)
    status = await world.status(run.run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert status["entities"]["member"]["blocked_by"] == "source.denied"
    assert "group is stopped" in status["entities"]["member"]["message"]


async def test_what_the_source_does_not_offer_is_no_error_of_the_whole_plan(world):
    _with_members(world)

    def missing(entity: str, _cursor: dict[str, Any]) -> None:
        if entity == "group":
            raise EntityStopped("source.method_missing", "Method not found!")

    world.portal.inner.trouble = missing
    whole = await world.drive((await world.start()).run_id)
    named = await world.drive((await world.start(entities=("department", "user", "group"))).run_id)
    assert whole.state is RunState.COMPLETED
    assert named.state is RunState.COMPLETED_WITH_ERRORS
