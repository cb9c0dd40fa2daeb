"""Records that lie by their parents in the id map: groups by their owners, here."""

import pytest

from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World

_FIELDS = {
    "name": {"from": "NAME", "required": True},
    "owner_id": {"from": "OWNER", "reference": "user", "required": True},
    "peer_id": {"from": "PEER", "reference": "group", "within": "OWNER"},
}


@pytest.fixture(autouse=True)
def _groups_lie_by_their_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", {"within": "OWNER", "field": _FIELDS}))


async def again(world: World) -> dict[str, int]:
    """A further run of the plan, to its end; what the status says of groups."""
    run = await world.start()
    await world.drive(run.run_id)
    counts: dict[str, int] = (await world.status(run.run_id))["entities"]["group"]
    return counts


async def test_they_are_written_by_their_parents(world: World) -> None:
    await again(world)
    found = await world.stores.idmaps.of("demo").find("group", {"7": "7", "8": "9"})
    assert {key: entry.target_id for key, entry in found.items()} == {"7": "t-group-7"}


async def test_a_further_run_recognises_them(world: World) -> None:
    await again(world)
    world.gateway.calls.clear()
    assert (await again(world))["skipped"] == 45
    assert world.gateway.calls == []


async def test_they_refer_to_each_other_within_a_parent(world: World) -> None:
    world.portal.records["group"][45] |= {"OWNER": "1", "PEER": "1"}
    world.portal.records["group"][1]["PEER"] = "45"
    counts = await again(world)
    assert counts["unresolved"] == 0
    assert world.gateway.records["group", "45"].data["peer_id"] == "t-group-1"
    assert world.gateway.records["group", "1"].data["peer_id"] == "t-group-45"
    assert (await again(world))["skipped"] == 45


async def test_another_parent_makes_a_reference_another_one(world: World) -> None:
    world.portal.records["group"][45] |= {"OWNER": "1", "PEER": "1"}
    await again(world)
    world.portal.records["group"][45]["OWNER"] = "2"
    assert (await again(world))["unresolved"] == 1
    assert world.gateway.records["group", "45"].data["peer_id"] is None
