"""Records that went in though something of them is lacking can be listed, one by one."""

from dataclasses import replace

import pytest

from shared.engine.runs.flaws import KINDS, Flaw
from shared.model.run import Run
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World

USER = {
    "email": {"from": "EMAIL", "step": "email", "required": True},
    "born": {"from": "BORN", "step": "date"},
}
GROUP = {"name": {"from": "NAME", "required": True}, "owner_id": {"from": "OWNER", "reference": "user"}}


@pytest.fixture(autouse=True)
def lenient(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users whose birthday may be odd, groups whose owner may be gone."""
    monkeypatch.setitem(MAPPINGS, "user", read_mapping("user", {"left_out_by": "STAYS", "field": USER}))
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", {"field": GROUP}))
    world.rewire()


async def _run(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def _told(world: World, run: Run, kind: str | None = None) -> list[Flaw]:
    return (await world.flaws.page(run, 1000, kind=kind))[0]


async def test_a_value_that_makes_no_sense_is_told_with_its_record_and_field(world: World) -> None:
    world.portal.records["user"][7]["BORN"] = "long ago"
    (flaw,) = await _told(world, await _run(world))
    assert (flaw.place.entity, flaw.source_id, flaw.kind, flaw.field) == ("user", "7", "flawed", "born")
    assert flaw.message


async def test_a_link_to_a_record_that_failed_is_told_with_the_reason_of_that_one(world: World) -> None:
    world.portal.records["group"][5]["OWNER"] = "20"
    world.portal.records["user"][20]["EMAIL"] = ""
    flaws = await _told(world, await _run(world), "unresolved")
    group = next(flaw for flaw in flaws if flaw.source_id == "5")
    assert (group.refers_to, group.reason) == ("user:20", "transform.missing_required")
    assert group.message == "links to user 20, which the target does not have; it failed: email has no value"


async def test_a_person_who_was_made_up_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = {**GROUP["owner_id"], "missing": "placeholder"}
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", {"field": {**GROUP, "owner_id": owner}}))
    world.plan = replace(world.plan, placeholders={"user": {"email": "gone-{id}@example.com"}})
    world.portal.records["group"][5]["OWNER"] = "900"
    (flaw,) = await _told(world, await _run(world))
    assert (flaw.place.entity, flaw.kind, flaw.source_id, flaw.refers_to) == ("group", "placeholders", None, "user:900")


async def test_a_record_that_stays_behind_is_told_with_the_reason_that_the_source_gave(world: World) -> None:
    world.portal.records["user"][120]["STAYS"] = "media.out_of_scope"
    (flaw,) = await _told(world, await _run(world), "left_out")
    assert (flaw.source_id, flaw.field, flaw.reason) == ("120", "STAYS", "media.out_of_scope")


async def test_pages_of_any_size_tell_each_flaw_once(world: World) -> None:
    for number in range(1, 131):
        world.portal.records["user"][number]["BORN"] = "long ago"
    run = await _run(world)
    told: list[str | None] = []
    place = None
    while True:
        flaws, place = await world.flaws.page(run, 17, after=place)
        told += [flaw.source_id for flaw in flaws]
        if place is None:
            break
    assert (len(told), set(told)) == (130, {str(number) for number in range(1, 131)})


async def test_as_many_are_told_as_the_status_counts(world: World) -> None:
    world.portal.records["user"][7]["BORN"] = "long ago"
    world.portal.records["department"][3]["HEAD"] = "900"
    world.portal.records["group"][9]["OWNER"] = "901"
    run = await _run(world)
    entities = (await world.status(run.run_id))["entities"]
    counted = {kind: sum(entity[kind] for entity in entities.values()) for kind in KINDS}
    flaws = await _told(world, run)
    assert {kind: sum(flaw.kind == kind for flaw in flaws) for kind in KINDS} == counted
    assert counted["unresolved"] == 2


async def test_a_run_that_still_reads_has_nothing_to_tell(world: World) -> None:
    world.portal.records["user"][7]["BORN"] = "long ago"
    assert await _told(world, await world.start()) == []
