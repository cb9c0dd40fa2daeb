"""At the end of a run every record that was read is counted once, whatever became of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json
from shared.model.plan import Entity
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import Run, RunMode
from shared.transform.making import Making
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World

OUTCOMES = ("imported", "skipped", "duplicate", "failed", "left_out")


def _colour(making: Making) -> Json:
    if making.value() is not None and "1" not in making.around.definitions:
        making.undefined.append("GROUP:COLOUR")
        raise ValueError("has a value that no definition tells of")
    return making.value()


USER = {
    "email": {"from": "EMAIL", "step": "email", "required": True},
    "born": {"from": "BORN", "step": "date"},
    "boss_id": {"from": "BOSS", "reference": "user"},
    "department_ids": {"from": "DEPARTMENTS", "reference": "department", "many": True},
}
GROUP = {
    "name": {"from": "NAME", "required": True},
    "owner_id": {"from": "OWNER", "reference": "user", "required": True, "missing": "placeholder"},
    "colour": {"from": "COLOUR", "make": "colour"},
}


@pytest.fixture
def troubled(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Of each sort of trouble some: see the comments."""
    monkeypatch.setitem(MAPPINGS, "user", read_mapping("user", {"left_out_by": "STAYS", "field": USER}))
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", {"field": GROUP}, {"colour": _colour}))
    definitions = Entity("custom_field", archive_only=True)
    department, user, group = world.plan.entities
    entities = (definitions, department, user, replace(group, described_by=("custom_field",)))
    world.plan = replace(world.plan, entities=entities, placeholders={"user": {"email": "gone-{id}@example.com"}})
    world.pace = replace(world.pace, transient_attempts=1)
    portal = world.portal.records
    portal["custom_field"] = {1: {"5": "red"}}
    users = portal["user"]
    users[3]["BORN"] = "long ago"  # flawed
    users[4]["EMAIL"] = ""  # cannot be made
    users[5]["STAYS"] = "media.out_of_scope"  # left out
    users[6]["BOSS"] = "120"  # may arrive after it
    users[7]["BOSS"] = "901"  # never arrives: unresolved
    portal["group"][1]["OWNER"] = "900"  # made up, as those of groups 4 and 5 are; those of 8 and 9 cannot be
    for number in range(11, 16):
        portal["group"][number]["COLOUR"] = "5"  # kept when its definition cannot be read

    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        if (entity, item.source_id) == ("user", "8"):
            return Receipt("8", "failed", code="CONFLICT", reason="taken")
        if (entity, item.source_id) == ("user", "9"):
            return Receipt("9", "failed", code="TRANSIENT", reason="deadlock", retryable=True)
        return None

    world.gateway.refuse = refuse
    world.rewire()
    return world


async def _run(world: World, mode: RunMode = RunMode.FULL) -> Run:
    run = await world.start(mode)
    ended = await world.drive(run.run_id)
    if not ended.state.ended:  # over the threshold
        await world.control.resume(run.run_id, "tester", world.starter, failure_threshold=1.0)
        ended = await world.drive(run.run_id)
    assert ended.state.ended
    return ended


async def _counts(world: World, run: Run) -> dict[str, dict[str, Any]]:
    entities: dict[str, dict[str, Any]] = (await world.status(run.run_id))["entities"]
    return {name: one for name, one in entities.items() if name != "custom_field"}


def _sums(entities: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {name: sum(entity[outcome] for outcome in OUTCOMES) for name, entity in entities.items()}


READ = {"department": 12, "user": 130, "group": 45}


@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.DRY_RUN])
async def test_of_a_first_run(troubled: World, mode: RunMode) -> None:
    entities = await _counts(troubled, await _run(troubled, mode))
    assert ({name: one["extracted"] for name, one in entities.items()}, _sums(entities)) == (READ, READ)


async def test_of_a_run_in_which_some_of_everything_happens(troubled: World) -> None:
    entities = await _counts(troubled, await _run(troubled))
    user, group = entities["user"], entities["group"]
    assert [user[name] for name in ("flawed", "left_out", "failed", "unresolved")] == [1, 1, 3, 1]
    assert (group["placeholders"], group["imported"], group["failed"]) == (3, 43, 2)
    assert entities["department"]["patched"] == 12


async def test_of_a_run_that_finds_most_of_it_there(troubled: World) -> None:
    await _run(troubled)
    entities = await _counts(troubled, await _run(troubled))
    assert _sums(entities) == READ
    assert entities["group"]["skipped"] == 43


async def test_of_a_run_that_keeps_what_it_cannot_make(troubled: World) -> None:
    await _run(troubled)

    def denied(entity: str, _cursor: dict[str, Any]) -> None:
        if entity == "custom_field":
            raise EntityStopped("source.denied", "no scope")

    troubled.portal.trouble = denied
    entities = await _counts(troubled, await _run(troubled))
    assert (_sums(entities), entities["group"]["left_out"]) == (READ, 5)


async def test_of_a_record_that_goes_in_and_is_refused_when_it_is_patched(troubled: World) -> None:
    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        if (entity, item.source_id, item.data.get("boss_id")) == ("user", "6", "t-user-120"):
            return Receipt("6", "failed", code="REFERENCE", reason="no such boss")
        return None

    troubled.gateway.refuse = refuse
    entities = await _counts(troubled, await _run(troubled))
    assert _sums(entities) == READ
    assert (entities["user"]["failed"], entities["user"]["dead_lettered"]) == (1, 2)


async def test_of_records_that_another_run_brought_there_and_that_are_patched(troubled: World) -> None:
    await _run(troubled)
    emptied = troubled.stores.idmaps.of(troubled.plan.name)
    emptied._entries.clear()  # type: ignore[attr-defined]  # as if the id map were lost
    troubled.rewire()
    entities = await _counts(troubled, await _run(troubled))
    assert _sums(entities) == READ
    assert entities["user"]["duplicate"] > 50


async def test_of_calls_whose_answers_are_lost(troubled: World) -> None:
    answers = iter(range(1_000))

    def lose(_entity: str, _items: Sequence[OutgoingItem]) -> None:
        if next(answers) in (1, 3, 5, 6):
            raise RetryLater("target.unreachable", "no answer")

    troubled.gateway.after = lose
    assert _sums(await _counts(troubled, await _run(troubled))) == READ
