"""Records whose custom fields nobody can define: what is good at the target stays."""

from dataclasses import replace
from typing import Any

import pytest

from shared.model.errors import EntityStopped
from shared.model.json import Json
from shared.model.plan import Entity
from shared.model.run import Run, RunState
from shared.transform.making import Making
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World


def colour(making: Making) -> Json:
    """The text that the definition of the field gives for the record's value."""
    if making.value() is None:
        return None
    if "1" not in making.around.definitions:
        making.undefined.append("GROUP:COLOUR")
        raise ValueError("has a value that no definition tells of")
    return making.around.definitions["1"][str(making.value())]


GROUP = {"field": {"name": {"from": "NAME", "required": True}, "colour": {"from": "COLOUR", "make": "colour"}}}


@pytest.fixture
async def described(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Groups are in, all with their colours; then all but one change, and their definitions cannot be read any more."""
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", GROUP, {"colour": colour}))
    world.plan = replace(
        world.plan,
        entities=(Entity("custom_field", archive_only=True), Entity("group", described_by=("custom_field",))),
    )
    world.portal.records["custom_field"] = {1: {"5": "red", "6": "blue"}}
    for number in range(1, 6):
        world.portal.records["group"][number]["COLOUR"] = "5"
    world.rewire()
    assert (await world.drive((await world.start()).run_id)).state is RunState.COMPLETED

    def denied(entity: str, _cursor: dict[str, Any]) -> None:
        if entity == "custom_field":
            raise EntityStopped("source.denied", "no scope")

    world.portal.trouble = denied
    for group in world.portal.records["group"].values():
        group["NAME"] = "changed"
    return world


async def _again(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def test_a_good_version_is_not_overwritten(described: World) -> None:
    await _again(described)
    assert described.gateway.records["group", "5"].data == {"name": "g5", "colour": "red"}


async def test_records_without_such_a_value_are_updated(described: World) -> None:
    await _again(described)
    assert described.gateway.records["group", "6"].data == {"name": "changed", "colour": None}


async def test_a_kept_record_is_left_out_and_none_that_failed(described: World) -> None:
    run = await _again(described)
    groups = (await described.status(run.run_id))["entities"]["group"]
    assert [groups[one] for one in ("left_out", "updated", "failed", "dead_lettered", "flawed")] == [5, 40, 0, 0, 0]
    (flaw, *_), _ = await described.flaws.page(run, 10, kind="left_out")
    assert (flaw.source_id, flaw.reason) == ("1", "transform.undefined")
    assert flaw.message.endswith("nobody could read the definition of GROUP:COLOUR")


async def test_a_new_record_goes_in_without_the_value_and_is_told(described: World) -> None:
    described.portal.records["group"][46] = {"NAME": "g46", "COLOUR": "6"}
    run = await _again(described)
    assert described.gateway.records["group", "46"].data == {"name": "g46", "colour": None}
    ((flaw,), _) = await described.flaws.page(run, 10, kind="flawed")
    assert (flaw.source_id, flaw.field) == ("46", "colour")


async def test_kept_records_are_updated_once_their_definitions_can_be_read(described: World) -> None:
    await _again(described)
    described.portal.trouble = lambda _entity, _cursor: None
    await _again(described)
    assert described.gateway.records["group", "5"].data == {"name": "changed", "colour": "red"}
