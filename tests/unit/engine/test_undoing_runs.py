"""Undoing what a run wrote, in memory: what comes back, what goes, what the id map knows then."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.errors import RetryLater
from shared.model.idmap import block_of
from shared.model.run import RunMode, RunState
from tests.unit.engine.conftest import IMPORTED, World


def content(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    """What the target holds, without target ids of its own making."""
    return {place: deepcopy(record.data) for place, record in world.gateway.records.items()}


async def known(world: World) -> dict[tuple[str, str], str]:
    """Checksums in the id map."""
    idmap = world.stores.idmaps.of("demo")
    blocks = {(name, block_of(str(i))) for name, rows in world.portal.records.items() for i in rows}
    found = [(name, await idmap.block(name, block)) for name, block in blocks]
    return {(name, i): entry.checksum for name, entries in found for i, entry in entries.items()}


async def changed(world: World) -> str:
    """A first run, then a second one of a portal in which users were changed, and one came."""
    await world.drive((await world.start()).run_id)
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    world.portal.records["user"][131] = {"EMAIL": "u131@example.com", "DEPARTMENTS": [3]}
    world.portal.records["group"][5] = {"NAME": "g5", "OWNER": "131"}
    return (await world.start()).run_id


async def test_undoing_the_only_run_leaves_nothing(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    undone = await world.drive((await world.undo(first.run_id)).run_id)
    assert undone.state is RunState.ROLLED_BACK
    assert undone.undo is None
    assert world.gateway.records == {}
    assert await known(world) == {}
    assert await world.stores.runs.lock_of("demo") is None


async def test_a_run_after_an_undo_brings_the_same(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    before = content(world)
    await world.drive((await world.undo(first.run_id)).run_id)
    again = await world.drive((await world.start()).run_id)
    assert again.state is RunState.COMPLETED
    assert content(world) == before
    assert await world.counts(again.run_id, "imported") == IMPORTED


async def test_undoing_the_second_run_leaves_what_the_first_one_did(world: World) -> None:
    second = await changed(world)
    before, known_before = content(world), await known(world)
    await world.drive(second)
    assert content(world) != before
    await world.drive((await world.undo(second)).run_id)
    assert content(world) == before
    assert await known(world) == known_before


async def test_what_was_undone_is_sent_again_by_the_next_run(world: World) -> None:
    second = await changed(world)
    await world.drive(second)
    wanted = content(world)
    await world.drive((await world.undo(second)).run_id)
    world.gateway.calls.clear()
    await world.drive((await world.start()).run_id)
    assert content(world) == wanted
    assert sorted(i for _, ids in world.gateway.calls for i in ids) == ["131", "5", "7"]


async def test_both_runs_can_be_undone_one_after_the_other(world: World) -> None:
    second = await changed(world)
    first = (await world.stores.runs.list(plan="demo"))[1].run_id
    await world.drive(second)
    await world.drive((await world.undo(second)).run_id)
    await world.drive((await world.undo(first)).run_id)
    assert world.gateway.records == {}
    assert await known(world) == {}


async def test_what_a_later_run_changed_is_kept(world: World) -> None:
    second = await changed(world)
    first = (await world.stores.runs.list(plan="demo"))[1].run_id
    await world.drive(second)
    undone = await world.drive((await world.undo(first)).run_id)
    assert set(world.gateway.records) == {("user", "7"), ("user", "131"), ("group", "5")}
    assert set(await known(world)) == set(world.gateway.records)
    assert undone.message == "2 records were kept"


async def test_undoing_some_entities_leaves_the_run_as_it_was(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    undone = await world.drive((await world.undo(first.run_id, "group")).run_id)
    assert (undone.state, undone.finished_at) == (first.state, first.finished_at)
    assert undone.undone == ("group",)
    assert {name for name, _ in world.gateway.records} == {"department", "user"}
    assert undone.actions[-1]["deleted"] == IMPORTED["group"]


async def test_undoing_the_other_entities_too_rolls_the_run_back(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    await world.drive((await world.undo(first.run_id, "group")).run_id)
    undone = await world.drive((await world.undo(first.run_id, "user", "department")).run_id)
    assert undone.state is RunState.ROLLED_BACK
    assert world.gateway.records == {}


async def test_what_the_target_cannot_undo_is_kept_and_known(world: World) -> None:
    world.gateway.stays = ("department",)
    first = await world.drive((await world.start()).run_id)
    undone = await world.drive((await world.undo(first.run_id)).run_id)
    assert undone.actions[-1]["kept"] == IMPORTED["department"]
    assert {name for name, _ in await known(world)} == {"department"}


async def test_a_target_that_is_out_is_waited_for(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    calls = []

    def out_at_first(what: str, _items: object) -> None:
        calls.append(what)
        if what == "delete" and calls.count("delete") < 4:
            raise RetryLater("target.unreachable", "nobody there")

    world.gateway.before = out_at_first
    undone = await world.drive((await world.undo(first.run_id)).run_id)
    assert undone.state is RunState.ROLLED_BACK
    assert world.gateway.records == {}


async def test_an_undo_is_halted_by_a_lasting_outage_and_goes_on_when_it_is_resumed(world: World) -> None:
    first = await world.drive((await world.start()).run_id)

    def out(what: str, _items: object) -> None:
        if what == "delete":
            raise RetryLater("target.unreachable", "nobody there")

    world.gateway.before = out
    halted = await world.drive((await world.undo(first.run_id)).run_id, turns=400)
    assert (halted.state, halted.reason) == (RunState.HALTED, "target.unreachable")
    world.gateway.before = lambda _what, _items: None
    resumed = await world.control.resume(first.run_id, "tester", world.starter)
    assert (await world.drive(resumed.run_id)).state is RunState.ROLLED_BACK
    assert world.gateway.records == {}


async def test_an_undo_in_which_every_call_dies_once_ends_the_same(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    died: set[int] = set()

    def dies_once(what: str, _items: object) -> None:
        place = len(world.gateway.records)
        if what in ("restore", "delete") and place not in died:
            died.add(place)
            raise KeyboardInterrupt

    world.gateway.after = dies_once
    await world.undo(first.run_id)
    for _ in range(60):
        try:
            undone = await world.drive(first.run_id)
        except KeyboardInterrupt:
            world.rewire()
            world.clock.offset += 60
            continue
        break
    assert undone.state is RunState.ROLLED_BACK
    assert world.gateway.records == {}
    assert await known(world) == {}


async def test_a_cancelled_run_can_be_undone_though_its_slices_were_never_completed(world: World) -> None:
    run = await world.start()
    message = await world.first_import(run)
    await world.work(message)
    await world.control.cancel(run.run_id, "tester")
    assert world.gateway.records
    await world.drive((await world.undo(run.run_id)).run_id)
    assert world.gateway.records == {}
    assert await known(world) == {}


async def test_an_undo_cannot_be_cancelled(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    await world.undo(first.run_id)
    with pytest.raises(ControlError, match="being rolled back"):
        await world.control.cancel(first.run_id, "tester")


async def test_a_run_that_works_cannot_be_undone(world: World) -> None:
    run = await world.start()
    with pytest.raises(ControlError) as refused:
        await world.undo_requests.preview(run.run_id, ())
    assert refused.value.code == "INVALID_STATE"


async def test_a_dry_run_has_nothing_to_undo(world: World) -> None:
    run = await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    with pytest.raises(ControlError, match="nothing to roll back"):
        await world.undo_requests.preview(run.run_id, ())


async def test_an_undo_waits_for_no_other_run(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    await world.start()
    with pytest.raises(ControlError) as refused:
        await world.undo(first.run_id)
    assert refused.value.code == "RUN_ALREADY_ACTIVE"


async def test_no_run_begins_while_one_is_undone(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    await world.undo(first.run_id)
    with pytest.raises(ControlError) as refused:
        await world.start()
    assert refused.value.code == "RUN_ALREADY_ACTIVE"


async def test_undoing_a_delta_brings_back_what_it_deleted(world: World) -> None:
    await world.drive((await world.start()).run_id)
    before, known_before = content(world), await known(world)
    del world.portal.records["group"][40]
    world.options = replace(world.options, apply_deletes=True)
    delta = await world.drive((await world.start(RunMode.DELTA)).run_id)
    assert ("group", "40") not in world.gateway.records
    assert [one.deleted for one in (await world.undo_requests.preview(delta.run_id, ())).scope] == [1]
    undone = await world.drive((await world.undo(delta.run_id)).run_id)
    assert undone.actions[-1]["restored"] == 1
    assert content(world) == before
    assert (await world.stores.idmaps.of("demo").find("group", {"40": None}))["40"].target_id == "t-group-40"
    world.portal.records["group"][40] = {}
    assert await known(world) == known_before


async def test_what_a_delta_deleted_and_an_undo_brought_back_is_deleted_by_the_next_delta(world: World) -> None:
    await world.drive((await world.start()).run_id)
    del world.portal.records["group"][40]
    world.options = replace(world.options, apply_deletes=True)
    delta = await world.drive((await world.start(RunMode.DELTA)).run_id)
    await world.drive((await world.undo(delta.run_id)).run_id)
    await world.drive((await world.start(RunMode.DELTA)).run_id)
    assert ("group", "40") not in world.gateway.records


async def test_a_delta_after_an_undo_reads_everything(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    await world.drive((await world.undo(first.run_id)).run_id)
    delta = await world.drive((await world.start(RunMode.DELTA)).run_id)
    assert await world.counts(delta.run_id, "imported") == IMPORTED


async def test_a_run_after_an_undo_in_part_brings_what_was_undone(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    before = content(world)
    await world.drive((await world.undo(first.run_id, "group")).run_id)
    again = await world.drive((await world.start()).run_id)
    assert content(world) == before
    assert (await world.counts(again.run_id, "created"))["group"] == IMPORTED["group"]


async def test_an_undo_can_be_paused_and_goes_on_when_it_is_resumed(world: World) -> None:
    first = await world.drive((await world.start()).run_id)
    run = await world.undo(first.run_id)
    for _ in range(6):
        await world.tick(run)
        await world.deliver()
    await world.control.pause(first.run_id, "tester")
    left = len(world.gateway.records)
    paused = await world.drive(first.run_id)
    assert (paused.state, len(world.gateway.records)) == (RunState.PAUSED, left)
    await world.control.resume(first.run_id, "tester", world.starter)
    assert (await world.drive(first.run_id)).state is RunState.ROLLED_BACK
    assert world.gateway.records == {}
