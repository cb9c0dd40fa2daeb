"""Runs of the main plan undone at a real gateway, over its whole graph of references."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from shared.model.run import Run, RunState
from tests.contract.bad_line import Line, gateway_over
from tests.unit.engine.whole_plan import LOADED, PlanWorld, whole_plan
from tests.unit.gateway.gateway_process import METHODS, RunningGateway, running

EACH = 12
CHANGES: dict[str, tuple[str, str]] = {
    "user": ("NAME", "Another"),
    "chat_message": ("text", "Another"),
    "task": ("title", "Another"),
    "deal": ("title", "Another"),
}
"""A field of some entities, and what a second run finds in it."""


@pytest.fixture
def process(tmp_path: Any) -> Iterator[RunningGateway]:
    with running(tmp_path, {"GATEWAY_RATE_FACTOR": "1000"}) as process:
        yield process


@pytest.fixture
async def world(line: Line) -> AsyncIterator[PlanWorld]:
    """The engine before that gateway; its portal has some of everything but files."""
    world = whole_plan(EACH)
    world.portal.records["media_file"] = {}
    async with gateway_over(line, world.stores.media) as world.target:
        yield world


def held(process: RunningGateway) -> dict[tuple[str, str], Any]:
    """What the target has, with references by source ids: target ids are given anew."""
    rows = process.sql("SELECT id, entity, source_id, data FROM records")
    names = {str(number): f"{entity} {source_id}" for number, entity, source_id, _ in rows}
    return {(entity, source_id): _named(process.read(entity, source_id), names) for _, entity, source_id, _ in rows}


def _named(record: Any, names: dict[str, str]) -> Any:
    return _renamed(next(iter(record.values()))["data"], names)


def _renamed(value: Any, names: dict[str, str], *, reference: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(one, names, reference=key.endswith(("id", "_ids"))) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names, reference=reference) for one in value]
    return names.get(value, value) if reference and isinstance(value, str) else value


async def run_of(world: PlanWorld) -> Run:
    return await world.drive((await world.start()).run_id, turns=400)


async def undone(world: PlanWorld, run: Run, *entities: str) -> Run:
    return await world.drive((await world.undo(run.run_id, *entities)).run_id, turns=400)


async def known(world: PlanWorld, process: RunningGateway) -> set[tuple[str, str]]:
    """Records that both the id map and the target have, with the same target id and checksum."""
    found = set()
    for entity in METHODS:
        records = await world.portal_records(entity)
        places = {record.id: LOADED.mappings[entity].parent(record) for record in records}
        entries = await world.stores.idmaps.of(world.plan.name).find(entity, places)
        there = process.read(entity, *entries)
        assert entries.keys() == there.keys(), entity
        assert {(i, one.target_id, one.checksum) for i, one in entries.items()} == {
            (i, one["target_id"], one["checksum"]) for i, one in there.items()
        }
        found |= {(entity, i) for i in entries}
    return found


def change(world: PlanWorld) -> None:
    """A week at the portal."""
    for entity, (name, value) in CHANGES.items():
        for number in (2, 5):
            world.portal.records[entity][number] |= {name: value}
    world.portal.records["chat_message"][EACH + 1] = world.portal.records["chat_message"][1] | {"text": "New"}
    world.portal.records["user"][EACH + 1] = world.portal.records["user"][1] | {"EMAIL": "new@example.com"}
    world.portal.records["group"][3] |= {"OWNER_ID": EACH + 1}


async def test_everything_can_be_undone_and_comes_again_as_it_was(world: PlanWorld, process: RunningGateway) -> None:
    first = await run_of(world)
    assert first.state is RunState.COMPLETED, first.message
    before = held(process)
    assert (await undone(world, first)).state is RunState.ROLLED_BACK
    assert held(process) == {}
    assert await known(world, process) == set()
    assert (await run_of(world)).state is RunState.COMPLETED
    assert held(process) == before
    assert await known(world, process) == before.keys()


async def test_a_second_run_can_be_undone_alone(world: PlanWorld, process: RunningGateway) -> None:
    await run_of(world)
    before = held(process)
    change(world)
    second = await run_of(world)
    after = held(process)
    assert after != before
    assert (await undone(world, second)).message is None
    assert held(process) == before
    assert await known(world, process) == before.keys()
    await run_of(world)
    assert held(process) == after


async def test_both_runs_can_be_undone_the_later_one_first(world: PlanWorld, process: RunningGateway) -> None:
    first = await run_of(world)
    change(world)
    second = await run_of(world)
    await undone(world, second)
    await undone(world, first)
    assert held(process) == {}
    assert await known(world, process) == set()


async def test_what_refers_to_undone_records_goes_along_and_is_told(world: PlanWorld, process: RunningGateway) -> None:
    first = await run_of(world)
    ended = await undone(world, first, "task")
    assert ended.state is RunState.COMPLETED
    gone = {"task", "task_comment"}
    assert {entity for entity, _ in held(process)} == METHODS.keys() - gone
    assert {entity for entity, _ in await known(world, process)} == METHODS.keys() - gone
    told, _ = await world.rollbacks.page(ended, 100)
    assert {(one.entity, one.outcome, one.reason) for one in told} == {("task_comment", "deleted", "WENT_ALONG")}
    assert len(told) == EACH


async def test_what_somebody_changed_at_the_target_is_kept_with_all_that_it_needs(
    world: PlanWorld, process: RunningGateway
) -> None:
    first = await run_of(world)
    process.sql("UPDATE records SET data = json_set(data, '$.title', 'Mine') WHERE entity = 'deal' AND source_id = '3'")
    ended = await undone(world, first)
    told, _ = await world.rollbacks.page(ended, 100)
    reasons = {(one.entity, one.source_id): one.reason for one in told}
    assert reasons.keys() == held(process).keys() == await known(world, process)
    assert reasons.pop(("deal", "3")) == "LOCALLY_CHANGED"
    assert {"company", "contact"} <= {entity for entity, _ in reasons}
    assert set(reasons.values()) == {"REFERENCED"}
    assert ended.message == f"{len(told)} records were kept"


async def test_foreign_records_stay_and_keep_what_they_refer_to(world: PlanWorld, process: RunningGateway) -> None:
    first = await run_of(world)
    owner = process.read("user", "4")["4"]["target_id"]
    process.create("company", "foreign", title="Theirs", assigned_by_id=owner)
    process.sql("UPDATE records SET source_id = NULL WHERE source_id = 'foreign'")
    ended = await undone(world, first)
    told, _ = await world.rollbacks.page(ended, 100)
    assert ("user", "4", "REFERENCED") in {(one.entity, one.source_id, one.reason) for one in told}
    assert process.ask("import.count", {"entity": "company"}) == {"count": 0, "foreign": 1}


async def test_placeholders_go_too(world: PlanWorld, process: RunningGateway) -> None:
    world.portal.records["feed_post"][1] |= {"AUTHOR_ID": 999}
    first = await run_of(world)
    assert ("user", "999") in held(process)
    await undone(world, first)
    assert held(process) == {}
    assert await world.stores.idmaps.of(world.plan.name).find("user", {"999": None}) == {}
