"""Records of the main plan explained: those within parents, made-up ones, files, and what is only archived."""

from typing import Any

import pytest

from tests.unit.engine.whole_plan import PlanWorld, whole_plan


@pytest.fixture
async def world() -> PlanWorld:
    world = whole_plan(5)
    world.unmasked = True
    return world


async def explained(world: PlanWorld, entity: str, source_id: str, within: str | None = None) -> dict[str, Any]:
    await world.drive((await world.start()).run_id)
    told = await world.explaining.of(world.plan.name, entity, source_id, within)
    assert told is not None
    return told


@pytest.mark.parametrize("within", [None, "3"])
async def test_a_message_is_found_within_its_chat_whether_that_is_named_or_not(
    world: PlanWorld, within: str | None
) -> None:
    told = await explained(world, "chat_message", "3", within)
    assert (told["id_map"]["within"], told["target"]["same"]) == ("3", True)
    made = {one["field"]: one for one in told["steps"]}
    assert made["chat_id"]["after"] == "chat:3"
    assert made["body_html"]["before"] == {"text": "Hello 3"}


async def test_a_record_that_was_made_up_says_so(world: PlanWorld) -> None:
    world.portal.records["feed_post"][1] |= {"AUTHOR_ID": 999}
    told = await explained(world, "user", "999")
    assert told["id_map"]["made_up"]
    assert (told["raw"], told["steps"], told["target"]["found"]) == (None, [], True)


async def test_every_entity_that_is_imported_can_be_explained(world: PlanWorld) -> None:
    await world.drive((await world.start()).run_id)
    for entity in (one.name for one in world.plan.entities if not one.archive_only and one.name != "media_file"):
        record = (await world.portal_records(entity))[1]
        told = await world.explaining.of(world.plan.name, entity, record.id)
        assert told is not None, entity
        assert (told["target"]["same"], told["refused"]) == (True, None), entity
        assert told["history"][0]["outcome"] in ("created", "patched"), entity


async def test_what_is_only_archived_is_explained_without_a_target(world: PlanWorld) -> None:
    archived = next(one.name for one in world.plan.entities if one.archive_only)
    world.portal.records[archived] = {1: {"NAME": "UF_ONE"}}
    told = await explained(world, archived, "1")
    assert (told["history"][0]["outcome"], told["steps"], told["id_map"]) == ("archived", [], None)
    assert told["raw"]["data"] == {"NAME": "UF_ONE"}
