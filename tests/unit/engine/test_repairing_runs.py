"""A run that repairs sends again what a proof found wrong at the target, and nothing else."""

from dataclasses import replace

import pytest

from shared.model.records import OutgoingItem, Receipt
from shared.model.run import Run, RunMode, RunOptions
from tests.unit.engine.conftest import World

REPAIR = RunOptions(sample=0.0, repair=True)


@pytest.fixture
async def damaged(world: World) -> World:
    """After a run, group 3 was changed at the target, user 7 deleted, and that was found."""
    await world.drive((await world.start()).run_id)
    group = world.gateway.records["group", "3"]
    group.data = {**group.data, "name": "Something else"}
    del world.gateway.records["user", "7"]
    found = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    assert found.reason == "proof.differs"
    world.gateway.calls.clear()
    return world


async def _run(world: World, options: RunOptions) -> Run:
    world.options = options
    return await world.drive((await world.start()).run_id)


async def _named(world: World, run: Run) -> list[tuple[str, str, str]]:
    found, _ = await world.proofs.findings(run, 100)
    return [(one["kind"], one["entity"], one["source_id"]) for one in found]


async def test_a_plain_run_brings_what_is_missing_and_leaves_what_was_changed(damaged: World) -> None:
    run = await _run(damaged, RunOptions(sample=0.0))
    assert damaged.gateway.calls == [("user", ["7"])]
    assert await _named(damaged, run) == [("differs", "group", "3")]


async def test_a_repair_sends_what_the_proof_named_and_nothing_else_and_is_proven(damaged: World) -> None:
    run = await _run(damaged, REPAIR)
    assert sorted(damaged.gateway.calls) == [("group", ["3"]), ("group", ["3"]), ("user", ["7"])]
    assert damaged.gateway.records["group", "3"].data["name"] == "g3"
    assert (run.state.value, await _named(damaged, run)) == ("completed", [])
    assert (await damaged.proofs.of(run))["passed"] is True


async def test_a_record_that_was_repaired_is_not_written_by_the_next_repair(damaged: World) -> None:
    await _run(damaged, REPAIR)
    damaged.gateway.calls.clear()
    await _run(damaged, REPAIR)
    assert damaged.gateway.calls == []


async def test_an_undone_repair_gives_back_what_somebody_had_changed(damaged: World) -> None:
    run = await _run(damaged, REPAIR)
    await damaged.drive((await damaged.undo(run.run_id)).run_id)
    assert damaged.gateway.records["group", "3"].data["name"] == "Something else"


async def test_what_was_put_right_at_the_target_is_not_written_again(damaged: World) -> None:
    group = damaged.gateway.records["group", "3"]
    group.data = {**group.data, "name": "g3"}
    await damaged.drive((await damaged.start(RunMode.VALIDATE)).run_id)
    await _run(damaged, REPAIR)
    assert damaged.gateway.calls == [("user", ["7"])]


async def test_a_change_that_the_target_does_not_take_as_a_version_is_a_dead_letter(damaged: World) -> None:
    def refuse(_entity: str, item: OutgoingItem) -> Receipt | None:
        refused = item.data.get("name") == "Something else"
        return Receipt(item.source_id, "failed", code="VALIDATION", reason="name is odd") if refused else None

    damaged.gateway.refuse = refuse
    run = await _run(damaged, REPAIR)
    (letter,) = await damaged.stores.dead_letters.page(run.run_id)
    assert (letter.entity, letter.source_id, letter.reason) == ("group", "3", "target.rejected_record")
    assert "name is odd; delete it there" in letter.message


async def test_a_repair_that_breaks_off_between_the_two_writes_ends_as_one_that_did_not(damaged: World) -> None:
    calls = 0

    def break_off(entity: str, _items: object) -> None:
        nonlocal calls
        calls += entity == "group"
        if calls == 1:
            calls += 1
            raise ConnectionResetError

    damaged.gateway.after = break_off
    damaged.options = REPAIR
    run = await damaged.start()
    with pytest.raises(ConnectionResetError):
        await damaged.drive(run.run_id)
    run = await damaged.drive(run.run_id)
    assert damaged.gateway.records["group", "3"].data["name"] == "g3"
    assert (await damaged.proofs.of(run))["passed"] is True


async def test_without_a_proof_that_found_anything_a_repair_is_a_plain_run(world: World) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.calls.clear()
    world.options = replace(REPAIR, sample=1.0)
    run = await world.drive((await world.start()).run_id)
    assert (world.gateway.calls, run.follows) == ([], None)
