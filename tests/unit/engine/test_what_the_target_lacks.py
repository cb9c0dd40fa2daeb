"""What the target does not know of is found before the first record is sent."""

import pytest

from shared.model.errors import RetryLater
from shared.model.records import SchemaNeeds
from shared.model.run import RunMode, RunState
from shared.ports.systems import Check, Severity
from tests.unit.engine.conftest import World


def lacking(entity: str, severity: Severity) -> list[Check]:
    """One check that failed."""
    found = f"the target lacks UF_A of {entity}"
    return [Check("gateway codes", False, found, "Create it", "target.code_missing", severity, (entity,))]


@pytest.fixture(autouse=True)
def needs(world: World) -> None:
    """Groups, which come last, need a custom field."""
    world.needs = {"group": SchemaNeeds("group", ("UF_A",))}


async def test_a_run_stops_before_its_first_record_and_says_why_and_what_to_do(world: World) -> None:
    world.gateway.lacks["group"] = lacking("group", Severity.BLOCKER)
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "target.schema_missing")
    assert run.message == "the target lacks UF_A of group. Create it"
    assert world.gateway.calls == []


async def test_a_run_goes_on_when_what_was_missing_is_there(world: World) -> None:
    world.gateway.lacks["group"] = lacking("group", Severity.BLOCKER)
    run = await world.drive((await world.start()).run_id)
    world.gateway.lacks.clear()
    await world.control.resume(run.run_id, "tester", world.starter)
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_a_warning_is_shown_with_its_entity_and_stops_nothing(world: World) -> None:
    world.gateway.lacks["group"] = lacking("group", Severity.WARNING)
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    entities = (await world.status(run.run_id))["entities"]
    assert entities["group"]["coverage"] == {"gateway codes: the target lacks UF_A of group": 1}
    assert entities["user"]["coverage"] == {}


async def test_only_what_the_run_imports_is_asked_for(world: World) -> None:
    world.gateway.lacks["group"] = lacking("group", Severity.BLOCKER)
    run = await world.drive((await world.start(entities=("department",))).run_id)
    assert run.state is RunState.COMPLETED


async def test_a_run_that_writes_nothing_needs_nothing(world: World) -> None:
    world.gateway.lacks["group"] = lacking("group", Severity.BLOCKER)
    run = await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    assert run.state is RunState.COMPLETED


async def test_a_target_that_cannot_be_asked_is_waited_for(world: World) -> None:
    asked = 0

    def away(what: str, _items: object) -> None:
        nonlocal asked
        asked += what == "schema"
        if what == "schema" and asked == 1:
            raise RetryLater("target.unreachable", "away")

    world.gateway.before = away
    assert (await world.drive((await world.start()).run_id)).state is RunState.COMPLETED
    assert asked > 1
