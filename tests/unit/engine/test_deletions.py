"""What is deleted at the source: found for certain, told, and deleted at the target only when that is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.engine.importing.lookup import References
from shared.engine.runs.request import RunRequest
from shared.model.errors import EntityStopped, RetryLater
from shared.model.idmap import IdMapEntry
from shared.model.plan import Brake
from shared.model.records import Receipt
from shared.model.run import Run, RunMode, RunOptions, RunState
from shared.model.tombstones import Fate
from tests.unit.engine.both_sides import Written
from tests.unit.engine.conftest import World


async def _run(world: World, mode: RunMode = RunMode.DELTA, *, apply: bool = False) -> Run:
    request = RunRequest("demo", mode, options=RunOptions(apply_deletes=apply))
    return await world.drive((await world.control.start(request, "tester", world.starter)).run_id)


async def _told(world: World, run: Run, entity: str = "group") -> dict[str, Any]:
    told: dict[str, Any] = (await world.status(run.run_id))["entities"][entity]["deleted_at_source"]
    return told


async def _fates(world: World, entity: str = "group") -> dict[str, Fate]:
    return {one.source_id: one.fate for one in await world.stores.tombstones.of("demo", entity)}


async def _broken_off(world: World) -> None:
    """A run that has taken group 7 out of the id map, and never deleted it."""
    group = world.portal.records["group"].pop(7)

    def out(entity: str, _items: object) -> None:
        if entity == "delete group":
            raise RetryLater("target.unreachable", "out")

    world.gateway.before = out
    request = RunRequest("demo", RunMode.DELTA, options=RunOptions(apply_deletes=True))
    run = await world.control.start(request, "tester", world.starter)
    await world.drive(run.run_id, turns=30)
    await world.control.cancel(run.run_id, "tester")
    world.gateway.before = lambda _entity, _items: None
    world.portal.records["group"][7] = group


@pytest.fixture
async def copied(world: World) -> World:
    """A world that was moved once."""
    await _run(world, RunMode.FULL)
    return world


@pytest.mark.parametrize("mode", [RunMode.DELTA, RunMode.FULL])
async def test_what_was_deleted_is_told_and_stays_at_the_target(copied: World, mode: RunMode) -> None:
    del copied.portal.records["group"][7]
    run = await _run(copied, mode)
    assert await _told(copied, run) == {
        "compared": 45, "gone": 1, "unseen": 0, "deleted": 0, "held": 0, "kept": 0,
    }  # fmt: skip
    assert ("group", "7") in copied.gateway.records
    assert run.reason == ("proof.gate_failed" if mode is RunMode.FULL else None)


@pytest.mark.parametrize("mode", [RunMode.DELTA, RunMode.FULL])
async def test_what_was_deleted_goes_at_the_target_when_that_is_asked_for(copied: World, mode: RunMode) -> None:
    del copied.portal.records["group"][7]
    run = await _run(copied, mode, apply=True)
    assert (await _told(copied, run))["deleted"] == 1
    assert ("group", "7") not in copied.gateway.records
    assert await _fates(copied) == {"7": Fate.DELETED}
    assert run.state is RunState.COMPLETED


async def test_what_was_deleted_leaves_the_id_map(copied: World) -> None:
    del copied.portal.records["group"][7]
    await _run(copied, apply=True)
    assert await copied.stores.idmaps.of("demo").find("group", {"7": None}) == {}


async def test_what_is_only_out_of_sight_is_never_deleted(copied: World) -> None:
    del copied.portal.records["group"][7]
    copied.portal.hidden.add(("group", "7"))
    run = await _run(copied, apply=True)
    assert (await _told(copied, run))["unseen"] == 1
    assert ("group", "7") in copied.gateway.records
    assert await _fates(copied) == {}


async def test_nothing_is_missed_of_an_entity_that_was_not_read_whole(copied: World) -> None:
    del copied.portal.records["group"][7]

    def crash(entity: str, cursor: dict[str, Any]) -> None:
        if entity == "department":
            raise EntityStopped("source.denied", "not for you")

    copied.portal.trouble = crash
    run = await _run(copied, RunMode.FULL, apply=True)
    assert (await _told(copied, run, "department"))["compared"] == 0


async def test_too_many_deletions_are_held_back(copied: World) -> None:
    copied.plan = replace(copied.plan, brake=Brake(0.05, 2))
    for number in (5, 6, 7):
        del copied.portal.records["group"][number]
    run = await _run(copied, apply=True)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert (run.reason, run.message) == ("deletes.braked", "too many to be believed: 3 of 45 group")
    assert set((await _fates(copied)).values()) == {Fate.HELD}
    assert ("group", "7") in copied.gateway.records


async def test_what_was_held_back_goes_once_the_brake_is_raised(copied: World) -> None:
    copied.plan = replace(copied.plan, brake=Brake(0.05, 2))
    for number in (5, 6, 7):
        del copied.portal.records["group"][number]
    await _run(copied, apply=True)
    copied.plan = replace(copied.plan, brake=Brake(0.5, 20))
    run = await _run(copied, apply=True)
    assert (await _told(copied, run))["deleted"] == 3


async def test_who_is_referred_to_stays_and_is_told(copied: World) -> None:
    del copied.portal.records["user"][7]
    copied.gateway.records["group", "foreign"] = Written("t-foreign", "", {"owner_id": "t-user-7"}, "", "created")
    del copied.portal.records["group"][7]
    run = await _run(copied, apply=True)
    assert (await _told(copied, run, "user"))["kept"] == 1
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "deletes.refused")
    assert await _fates(copied, "user") == {"7": Fate.KEPT}
    assert "7" in await copied.stores.idmaps.of("demo").find("user", {"7": None})


async def test_what_refers_to_it_is_made_again_without_it(copied: World) -> None:
    del copied.portal.records["user"][10]  # heads department 1
    del copied.portal.records["group"][10]
    run = await _run(copied, apply=True)
    assert run.state is RunState.COMPLETED
    assert ("user", "10") not in copied.gateway.records
    assert copied.gateway.records["department", "1"].data["head_id"] is None


async def test_a_run_that_breaks_off_leaves_nothing_behind_that_nobody_knows(copied: World) -> None:
    await _broken_off(copied)
    del copied.portal.records["group"][7]
    await _run(copied, apply=True)
    assert ("group", "7") not in copied.gateway.records
    assert await _fates(copied) == {"7": Fate.DELETED}


async def test_who_comes_back_after_a_run_that_broke_off_is_known_as_it_is_now(copied: World) -> None:
    await _broken_off(copied)
    copied.portal.records["group"][7]["NAME"] = "back"
    await _run(copied, RunMode.FULL)
    entry = (await copied.stores.idmaps.of("demo").find("group", {"7": None}))["7"]
    assert entry.checksum == copied.gateway.records["group", "7"].checksum


async def test_a_taking_out_that_broke_off_is_done_to_its_end(copied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    del copied.portal.records["group"][7]
    remove = References.remove
    stumbles = iter([True])

    async def stumbling(self: References, plan: str, entries: Sequence[IdMapEntry]) -> None:
        if next(stumbles, False):
            raise RetryLater("target.unreachable", "out")
        await remove(self, plan, entries)

    monkeypatch.setattr(References, "remove", stumbling)
    await _run(copied, apply=True)
    assert ("group", "7") not in copied.gateway.records
    assert await copied.stores.idmaps.of("demo").find("group", {"7": None}) == {}


async def test_deletions_that_the_target_does_not_offer_are_told(copied: World) -> None:
    del copied.portal.records["group"][7]

    def refuse(entity: str, _items: object) -> None:
        if entity == "delete group":
            raise EntityStopped("source.denied", "not for you")

    copied.gateway.before = refuse
    run = await _run(copied, apply=True)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "source.denied")


async def test_what_refers_goes_before_what_is_referred_to(copied: World) -> None:
    del copied.portal.records["user"][7], copied.portal.records["group"][7]
    await _run(copied, apply=True)
    deleted = [call for call, _ in copied.gateway.calls if call.startswith("delete")]
    assert deleted == ["delete group", "delete user"]
    assert ("user", "7") not in copied.gateway.records


async def test_children_of_a_tree_go_before_their_parents(copied: World) -> None:
    for number in (130, 120, 110):
        copied.portal.records["user"][number]["DEPARTMENTS"] = [1]
    await _run(copied, RunMode.FULL)
    for number in (6, 12):  # 12 lies below 6
        del copied.portal.records["department"][number]
    for number, user in copied.portal.records["user"].items():
        if user["DEPARTMENTS"][0] in (6, 12):
            copied.portal.records["user"][number] = {**user, "DEPARTMENTS": [1]}
    run = await _run(copied, RunMode.FULL, apply=True)
    assert (await _told(copied, run, "department"))["deleted"] == 2


async def test_who_comes_back_is_imported_again_and_has_no_tombstone(copied: World) -> None:
    group = copied.portal.records["group"].pop(7)
    await _run(copied, apply=True)
    copied.portal.records["group"][7] = group
    run = await _run(copied, RunMode.FULL)
    assert (await copied.counts(run.run_id, "created"))["group"] == 1
    assert await _fates(copied) == {}


async def test_who_was_only_told_of_and_comes_back_has_no_tombstone(copied: World) -> None:
    group = copied.portal.records["group"].pop(7)
    await _run(copied)
    copied.portal.records["group"][7] = group
    await _run(copied)
    assert await _fates(copied) == {}


async def test_a_tombstone_tells_who_missed_the_record_first(copied: World) -> None:
    del copied.portal.records["group"][7]
    first = await _run(copied)
    second = await _run(copied)
    (stone,) = await copied.stores.tombstones.of("demo", "group")
    assert (stone.found_by, stone.seen_by) == (first.run_id, second.run_id)


async def test_a_portal_that_stumbles_meanwhile_makes_nothing_a_deletion(copied: World) -> None:
    del copied.portal.records["group"][7]
    stumbles = iter([True, True])

    def stumble(_entity: str, cursor: dict[str, Any]) -> None:
        if "shown" in cursor and next(stumbles, False):
            raise RetryLater("source.unreachable", "out")

    copied.portal.trouble = stumble
    run = await _run(copied, apply=True)
    assert (await _told(copied, run))["deleted"] == 1
    assert len(copied.gateway.records) == 12 + 130 + 44


async def test_a_dry_run_looks_for_nothing(copied: World) -> None:
    del copied.portal.records["group"][7]
    run = await _run(copied, RunMode.DRY_RUN)
    assert (await _told(copied, run))["compared"] == 0


async def test_a_record_that_changed_is_not_taken_for_missing(copied: World) -> None:
    assert copied.portal.clock is not None
    copied.portal.records["group"][7] = {"NAME": "new", "OWNER": "7"}
    copied.portal.changed["group", 7] = copied.portal.clock + timedelta(minutes=1)
    run = await _run(copied, apply=True)
    assert (await _told(copied, run))["gone"] == 0


async def test_what_goes_while_a_delta_has_just_brought_it_is_no_difference(copied: World) -> None:
    assert copied.portal.clock is not None
    copied.portal.records["group"][46] = {"NAME": "g46", "OWNER": "1"}
    copied.portal.changed["group", 46] = copied.portal.clock + timedelta(minutes=1)

    def goes(entity: str, cursor: dict[str, Any]) -> None:
        if entity == "group" and "shown" in cursor:
            copied.portal.records["group"].pop(46, None)

    copied.portal.trouble = goes
    run = await _run(copied, apply=True)
    assert ("group", "46") not in copied.gateway.records
    assert run.state is RunState.COMPLETED


async def test_what_refers_to_others_that_go_too_does_not_keep_them(copied: World) -> None:
    del copied.portal.records["department"][12], copied.portal.records["user"][120]  # whose head he was
    run = await _run(copied, RunMode.FULL, apply=True)
    assert {("department", "12"), ("user", "120")} & copied.gateway.records.keys() == set()
    assert run.state is RunState.COMPLETED


async def test_who_referred_to_what_comes_back_does_so_again(copied: World) -> None:
    before = {key: one.data for key, one in copied.gateway.records.items()}
    department = copied.portal.records["department"].pop(12)
    await _run(copied, apply=True)
    copied.portal.records["department"][12] = department
    await _run(copied)
    assert {key: one.data for key, one in copied.gateway.records.items()} == before


async def test_what_was_referred_to_before_it_was_shown_is_linked_when_it_is(world: World) -> None:
    department = world.portal.records["department"].pop(12)
    await _run(world, RunMode.FULL)
    world.portal.records["department"][12] = department
    run = await _run(world)
    assert world.gateway.records["user", "11"].data["department_ids"] == ["t-department-12"]
    assert (await world.counts(run.run_id, "extracted"))["user"] == 0


def _stumbling(world: World, times: int) -> None:
    """The target stumbles over group 7 when it is to delete it, and over nothing else."""
    delete, left = world.gateway._delete, [times]

    def stumble(entity: str, run_id: str, source_id: str) -> Receipt:
        if source_id == "7" and left[0]:
            left[0] -= 1
            return Receipt("7", "failed", code="TRANSIENT", reason="try later", retryable=True)
        return delete(entity, run_id, source_id)

    world.gateway._delete = stumble  # type: ignore[method-assign]


async def test_a_record_that_the_target_always_stumbles_over_stays_and_the_run_goes_on(copied: World) -> None:
    for number in (6, 7, 8):
        del copied.portal.records["group"][number]
    _stumbling(copied, 1_000)
    run = await _run(copied, apply=True)
    told = await _told(copied, run)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "deletes.refused")
    assert (told["deleted"], told["kept"]) == (2, 1)
    (stone,) = [one for one in await copied.stores.tombstones.of("demo", "group") if one.source_id == "7"]
    assert (stone.fate, stone.reason) == (Fate.KEPT, "TRANSIENT: try later")


async def test_a_record_that_the_target_stumbles_over_for_a_while_goes_at_last(copied: World) -> None:
    for number in (6, 7, 8):
        del copied.portal.records["group"][number]
    _stumbling(copied, 3)
    run = await _run(copied, apply=True)
    assert run.state is RunState.COMPLETED
    assert (await _told(copied, run))["deleted"] == 3
