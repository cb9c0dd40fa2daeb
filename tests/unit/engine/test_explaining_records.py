"""The life of one record, as the engine explains it."""

from typing import Any

from shared.model.records import OutgoingItem, Receipt
from shared.model.run import RunMode
from tests.unit.engine.conftest import World


async def explained(world: World, entity: str, source_id: str) -> dict[str, Any]:
    told = await world.explaining.of("demo", entity, source_id)
    assert told is not None
    return told


def steps(told: dict[str, Any]) -> dict[str, Any]:
    return {one["field"]: one for one in told["steps"]}


async def test_each_field_is_told_before_and_after_its_step(world: World) -> None:
    world.unmasked = True
    world.portal.records["user"][7]["EMAIL"] = " U7@Example.com"
    await world.drive((await world.start()).run_id)
    told = steps(await explained(world, "user", "7"))
    assert told["email"] == {
        "field": "email",
        "by": "step email",
        "before": {"EMAIL": " U7@Example.com"},
        "after": "u7@example.com",
        "resolved": "u7@example.com",
        "flaws": [],
        "refused": None,
    }
    assert told["department_ids"]["after"] == ["department:8"]
    assert told["department_ids"]["resolved"] == ["t-department-8"]


async def test_references_are_told_with_their_target_ids(world: World) -> None:
    await world.drive((await world.start()).run_id)
    told = await explained(world, "department", "5")
    found = {(one["entity"], one["source_id"]): one["target_id"] for one in told["references"]}
    assert found == {("department", "2"): "t-department-2", ("user", "50"): "t-user-50"}
    assert {one["state"] for one in told["references"]} == {"resolved"}


async def test_a_reference_without_a_target_is_missing(world: World) -> None:
    world.portal.records["department"][5]["HEAD"] = "999"
    await world.drive((await world.start()).run_id)
    told = await explained(world, "department", "5")
    assert [one["source_id"] for one in told["references"] if one["state"] == "missing"] == ["999"]
    assert told["history"][0]["told"]["unresolved"] == ["user:999"]


async def test_the_place_of_the_raw_data_is_told(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    told = await explained(world, "group", "30")
    assert told["raw"]["run_id"] == run.run_id
    names = await world.stores.archive.names(f"raw/{run.run_id}/group/")
    assert told["raw"]["raw_blob"] in names
    assert told["raw"]["data"]["OWNER"] == "30"


async def test_the_entry_of_the_id_map_is_told(world: World) -> None:
    run = await world.drive((await world.start()).run_id)
    told = await explained(world, "group", "30")
    assert told["id_map"]["target_id"] == "t-group-30"
    assert told["id_map"]["checksum"] == told["checksum"]
    assert (told["id_map"]["run_id"], told["id_map"]["action"]) == (run.run_id, "created")


async def test_every_run_that_read_it_is_told_the_newest_first(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    second = await world.drive((await world.start()).run_id)
    world.portal.records["group"][30]["NAME"] = "another"
    third = await world.drive((await world.start()).run_id)
    told = await explained(world, "group", "30")
    assert [(one["run_id"], one["outcome"]) for one in told["history"]] == [
        (third.run_id, "updated"),
        (second.run_id, "skipped"),
        (first.run_id, "created"),
    ]
    assert told["complete"]
    assert told["raw"]["run_id"] == third.run_id


async def test_a_record_that_is_patched_has_the_row_of_its_patch(world: World) -> None:
    await world.drive((await world.start()).run_id)
    told = await explained(world, "department", "5")
    assert [row["stage"] for row in told["history"][0]["rows"]] == ["import", "patch"]
    assert all(row["receipts"] for row in told["history"][0]["rows"])


async def test_a_target_that_has_it_as_it_was_sent_shows_no_difference(world: World) -> None:
    await world.drive((await world.start()).run_id)
    told = (await explained(world, "group", "30"))["target"]
    assert (told["found"], told["same"], told["differences"], told["error"]) == (True, True, [], None)


async def test_what_is_different_at_the_target_is_told_by_field(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.unmasked = True
    world.gateway.records["group", "30"].data["name"] = "mine"
    told = (await explained(world, "group", "30"))["target"]
    assert told["differences"] == [{"field": "name", "expected": "g30", "found": "mine"}]
    assert not told["same"]


async def test_a_target_that_does_not_have_it_is_told(world: World) -> None:
    await world.drive((await world.start()).run_id)
    del world.gateway.records["group", "30"]
    assert (await explained(world, "group", "30"))["target"]["found"] is False


async def test_a_target_that_is_out_keeps_nobody_from_the_rest(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.closed.add("import.read")
    told = await explained(world, "group", "30")
    assert told["target"]["error"]["reason"] == "target.refused"
    assert told["id_map"]["target_id"] == "t-group-30"


async def test_a_record_that_the_target_refused_is_told_with_its_dead_letter(world: World) -> None:
    def refuse(_entity: str, item: OutgoingItem) -> Receipt | None:
        gone = item.source_id == "30" and "name" in item.data
        return Receipt("30", "failed", code="VALIDATION", field="name", reason="too short") if gone else None

    world.gateway.refuse = refuse
    await world.drive((await world.start()).run_id)
    told = await explained(world, "group", "30")
    assert told["id_map"] is None
    assert [(one["reason"], one["field"]) for one in told["dead_letters"]] == [("target.rejected_record", "name")]
    assert told["history"][0]["outcome"] == "failed"
    assert steps(told)["name"]["resolved"] is not None


async def test_a_record_that_cannot_be_transformed_is_told_up_to_the_field_at_fault(world: World) -> None:
    world.portal.records["user"][7]["EMAIL"] = "nobody"
    await world.drive((await world.start()).run_id)
    told = await explained(world, "user", "7")
    assert told["refused"]["reason"] == "transform.bad_value"
    assert [(one["field"], one["refused"]) for one in told["steps"]] == [("email", "email is not an e-mail address")]


async def test_a_dry_run_is_part_of_the_history(world: World) -> None:
    await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    told = await explained(world, "group", "30")
    assert [(one["mode"], one["outcome"]) for one in told["history"]] == [("dry_run", "created")]
    assert told["id_map"] is None


async def test_a_record_whose_rows_are_lost_is_told_without_its_transformation(world: World) -> None:
    await world.drive((await world.start()).run_id)
    for name in await world.stores.archive.names(""):
        if name.startswith(("raw/", "rows/")):
            world.stores.archive._blobs.pop(name)  # type: ignore[attr-defined]
    told = await explained(world, "group", "30")
    assert (told["raw"]["data"], told["steps"]) == (None, [])
    assert told["id_map"]["target_id"] == "t-group-30"


async def test_peoples_data_is_masked_and_the_rule_is_stated(world: World) -> None:
    await world.drive((await world.start()).run_id)
    told = await explained(world, "user", "7")
    assert "u7@example.com" not in str(told)
    assert "two characters" in told["masking"]


async def test_the_same_value_looks_the_same_on_both_sides(world: World) -> None:
    await world.drive((await world.start()).run_id)
    step = steps(await explained(world, "user", "7"))["email"]
    assert step["before"]["EMAIL"] == step["after"] == step["resolved"]


async def test_nobody_knows_a_record_that_was_never_read(world: World) -> None:
    await world.drive((await world.start()).run_id)
    assert await world.explaining.of("demo", "group", "999") is None
