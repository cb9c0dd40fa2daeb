"""What a re-run leaves alone without making it, and what it must find all the same."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.runs.following import withdraw
from shared.model.errors import RetryLater
from shared.model.ledger import Stage
from shared.model.records import OutgoingItem
from shared.model.run import Run, RunMode
from shared.transform.mapping import Draft, Mapping
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the records that were transformed, as ``entity:id``."""
    seen: list[str] = []
    apply = Mapping.apply

    def noted(mapping: Mapping, record: Any, *around: Any) -> Draft:
        seen.append(f"{mapping.entity}:{record.id}")
        return apply(mapping, record, *around)

    monkeypatch.setattr(Mapping, "apply", noted)
    return seen


def _out() -> None:
    raise RetryLater("source.unreachable", "not now")


async def again(world: World) -> Run:
    """A further run of the plan, to its end."""
    run = await world.start()
    return await world.drive(run.run_id)


async def test_an_unchanged_record_is_not_even_transformed(world: World, made: list[str]) -> None:
    await again(world)
    made.clear()
    run = await again(world)
    assert made == []
    assert (await world.status(run.run_id))["entities"]["user"]["skipped"] == 130


async def test_a_field_that_is_not_mapped_changes_nothing(world: World, made: list[str]) -> None:
    await again(world)
    made.clear()
    world.portal.records["user"][7]["LAST_LOGIN"] = "2026-01-01T00:00:00Z"
    await again(world)
    assert made == []


async def test_a_run_of_fewer_entities_makes_the_following_ones_transform_nothing_again(
    world: World, made: list[str]
) -> None:
    await again(world)
    made.clear()
    await world.drive((await world.start(entities=("department", "user"))).run_id)
    await again(world)
    assert made == []


async def test_a_changed_record_is_sent(world: World, made: list[str]) -> None:
    await again(world)
    made.clear()
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    await again(world)
    assert made == ["user:7"]
    assert world.gateway.records["user", "7"].data["email"] == "new@example.com"


async def test_a_changed_mapping_is_applied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await again(world)
    fields = {"email": {"from": "EMAIL", "step": "email"}, "first_department": {"from": "DEPARTMENTS", "many": True}}
    monkeypatch.setitem(MAPPINGS, "user", read_mapping("user", {"field": fields}))
    await again(world)
    assert "first_department" in world.gateway.records["user", "7"].data


async def test_a_reference_with_another_target_is_found(world: World) -> None:
    await again(world)
    idmap = world.stores.idmaps.of("demo")
    head = (await idmap.block("user", "0"))["10"]
    await idmap.write([replace(head, target_id="t-user-10-anew")])
    await withdraw(idmap, world.clock.now())
    world.rewire()
    await again(world)
    assert world.gateway.records["department", "1"].data["head_id"] == "t-user-10-anew"


async def test_a_record_that_misses_a_reference_is_made_when_that_has_come(world: World, made: list[str]) -> None:
    world.portal.records["department"][3]["HEAD"] = "900"
    await again(world)
    made.clear()
    run = await again(world)
    assert made == []
    counts = (await world.status(run.run_id))["entities"]["department"]
    assert (counts["skipped"], counts["unresolved"]) == (12, 1)
    world.portal.records["user"][900] = {"EMAIL": "late@example.com", "DEPARTMENTS": [3]}
    await again(world)
    assert world.gateway.records["department", "3"].data["head_id"] == "t-user-900"


async def test_flaws_are_told_by_every_run(world: World) -> None:
    world.portal.records["user"][7]["PHONE"] = "not a date"
    fields = {"email": {"from": "EMAIL", "step": "email"}, "born": {"from": "PHONE", "step": "date"}}
    mapping = read_mapping("user", {"field": fields})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MAPPINGS, "user", mapping)
        for _ in range(2):
            run = await again(world)
            rows = await world.stores.ledger.scan(run.run_id, entity="user")
            assert sum(row.counts.flawed for row in rows) == 1


async def test_a_record_of_unknown_origin_gets_one_and_is_not_sent(world: World, made: list[str]) -> None:
    await again(world)
    idmap = world.stores.idmaps.of("demo")
    entries = (await idmap.block("group", "0")).values()
    await idmap.write([replace(entry, origin=None) for entry in entries])
    await withdraw(idmap, world.clock.now())
    made.clear()
    world.gateway.calls.clear()
    await again(world)
    assert set(made) == {f"group:{number}" for number in range(1, 46)}
    made.clear()
    await again(world)
    assert made == []
    assert world.gateway.calls == []


async def test_a_dry_run_writes_no_origin(world: World) -> None:
    await again(world)
    idmap = world.stores.idmaps.of("demo")
    entries = (await idmap.block("group", "0")).values()
    await idmap.write([replace(entry, origin=None) for entry in entries])
    run = await world.start(RunMode.DRY_RUN)
    await world.drive(run.run_id)
    assert all(entry.origin is None for entry in (await idmap.block("group", "0")).values())


async def _turns(world: World, run: Run, number: int) -> None:
    for _ in range(number):
        await world.tick(run)
        await world.deliver()
        world.clock.offset += 1


async def test_what_is_unchanged_does_not_wait_for_its_turn(world: World) -> None:
    await again(world)
    world.portal.trouble = lambda entity, _cursor: _out() if entity == "department" else None
    run = await world.start()
    await _turns(world, run, 20)
    entities = (await world.status(run.run_id))["entities"]
    assert entities["department"]["skipped"] == 0
    assert entities["user"]["skipped"] == 130


async def test_what_is_changed_waits_for_its_turn(world: World) -> None:
    await again(world)
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    world.portal.trouble = lambda entity, _cursor: _out() if entity == "department" else None
    run = await world.start()
    await _turns(world, run, 20)
    assert world.gateway.records["user", "7"].data["email"] != "new@example.com"
    world.portal.trouble = lambda _entity, _cursor: None
    await world.drive(run.run_id)
    assert world.gateway.records["user", "7"].data["email"] == "new@example.com"


async def test_the_first_run_looks_at_nothing_before_its_turn(world: World) -> None:
    run = await world.start()
    world.portal.trouble = lambda entity, _cursor: _out() if entity == "department" else None
    await _turns(world, run, 20)
    slices = await world.stores.ledger.scan(run.run_id, stage=Stage.IMPORT)
    assert slices
    assert not [row for row in slices if row.enqueued_at is not None or row.in_turn]


async def test_another_target_id_is_used_by_the_next_run_of_the_process_that_wrote_it(world: World) -> None:
    await again(world)
    writes = world.gateway.write

    async def with_another_id(entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]) -> Any:
        receipts = await writes(entity, run_id, batch_id, items)
        return tuple(replace(one, target_id="other") if entity == "user" else one for one in receipts)

    world.gateway.write = with_another_id  # type: ignore[method-assign]  # a target that made the record anew
    world.portal.records["user"][5]["EMAIL"] = "new@example.com"
    await again(world)
    await again(world)
    assert world.gateway.records["group", "5"].data["owner_id"] == "other"
