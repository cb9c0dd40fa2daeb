"""Slices that a re-run recognises as a whole."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.importing.judging import Judging
from shared.engine.runs.following import withdraw
from shared.model.ledger import Stage
from shared.model.records import OutgoingItem
from shared.model.run import Run, RunState
from tests.unit.engine.conftest import World


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entity of each record that was looked up."""
    seen: list[str] = []
    begin = Judging.begin

    async def spied(self: Judging, run: Run, job: Any, row: Any, records: Any, before: Any) -> Any:
        seen.extend(row.key.entity for _ in records)
        return await begin(self, run, job, row, records, before)

    monkeypatch.setattr(Judging, "begin", spied)
    return seen


async def _again(world: World, entities: tuple[str, ...] = ()) -> Run:
    run = await world.start(entities=entities)
    await world.drive(run.run_id)
    return await world.run(run.run_id)


async def _settled(world: World, judged: list[str]) -> None:
    """Two runs: the second one seals what had to be patched in the first."""
    await _again(world)
    await _again(world)
    judged.clear()


async def test_records_of_sealed_slices_are_not_looked_up(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    run = await _again(world)
    assert judged == []
    entities = (await world.status(run.run_id))["entities"]
    assert all(one["skipped"] == one["extracted"] for one in entities.values())


async def test_a_slice_with_a_changed_record_is_done_as_always(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    await _again(world)
    assert set(judged) == {"user"}
    assert world.gateway.records["user", "7"].data["email"] == "new@example.com"


async def test_a_record_that_changes_back_is_sent_again(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    before = world.portal.records["user"][7]["EMAIL"]
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    await _again(world)
    world.portal.records["user"][7]["EMAIL"] = before
    await _again(world)
    assert world.gateway.records["user", "7"].data["email"] == before


async def test_a_run_that_did_not_end_vouches_for_nothing(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    cancelled = await world.start()
    await world.control.cancel(cancelled.run_id, "tester")
    await _again(world)
    assert set(judged) == {"department", "user", "group"}


async def test_a_run_of_some_entities_vouches_for_those(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    await _again(world, ("department",))
    judged.clear()
    await _again(world)
    assert set(judged) == {"user", "group"}


async def test_a_run_in_which_the_target_made_a_record_anew_vouches_for_nothing(
    world: World, judged: list[str]
) -> None:
    await _settled(world, judged)
    writes = world.gateway.write

    async def with_another_id(entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]) -> Any:
        receipts = await writes(entity, run_id, batch_id, items)
        return tuple(replace(one, target_id="other") if entity == "user" else one for one in receipts)

    world.gateway.write = with_another_id  # type: ignore[method-assign]
    world.portal.records["user"][5]["EMAIL"] = "new@example.com"
    await _again(world)
    assert (await world.start()).follows is None


async def test_a_lost_id_map_is_made_again(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    world.stores.idmaps.of("demo")._entries.clear()  # type: ignore[attr-defined]
    world.rewire()
    await _again(world)
    assert set(judged) == {"department", "user", "group"}


async def test_whoever_changes_the_map_makes_all_be_looked_up(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    await withdraw(world.stores.idmaps.of("demo"), world.clock.now())
    await _again(world)
    assert set(judged) == {"department", "user", "group"}


async def test_a_seal_whose_receipts_are_gone_is_not_believed(world: World, judged: list[str]) -> None:
    await _settled(world, judged)
    blobs = world.stores.archive._blobs  # type: ignore[attr-defined]  # as if retention had taken them
    for name in [name for name in blobs if name.startswith("receipts/")]:
        del blobs[name]
    run = await _again(world)
    assert set(judged) == {"department", "user", "group"}
    assert run.state is RunState.COMPLETED


async def test_records_with_flaws_are_not_sealed(world: World) -> None:
    world.portal.records["user"][7]["PHONE"] = "not a date"
    run = await _again(world)
    rows = await world.stores.ledger.scan(run.run_id, entity="user", stage=Stage.IMPORT)
    told = (await world.status(run.run_id))["entities"]["user"]["flawed"]
    assert [row.seal is None for row in rows].count(True) >= told
