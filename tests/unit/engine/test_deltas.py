"""Deltas: from when on they read, and what makes that move on."""

from dataclasses import replace
from datetime import timedelta

from shared.engine.delta.watermarks import Watermarks
from shared.engine.runs.request import RunRequest
from shared.model.errors import EntityStopped
from shared.model.run import Run, RunMode, RunState
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World


async def _finished(world: World, mode: RunMode = RunMode.FULL) -> Run:
    return await world.drive((await world.start(mode)).run_id)


def _change(world: World, number: int, minutes: float) -> None:
    """A user changes ``minutes`` after what the portal's clock shows."""
    assert world.portal.clock is not None
    world.portal.records["user"][number] = {"EMAIL": f"new{number}@example.com", "DEPARTMENTS": [1]}
    world.portal.changed["user", number] = world.portal.clock + timedelta(minutes=minutes)


async def _watermark(world: World, entity: str = "user") -> object:
    mark = await Watermarks(world.stores.shared).of("demo", entity)
    return mark and mark.at


async def test_a_delta_reads_what_changed_since_the_last_run_began(world: World) -> None:
    await _finished(world)
    _change(world, 7, minutes=1)
    run = await _finished(world, RunMode.DELTA)
    assert await world.counts(run.run_id, "extracted") == {"department": 12, "user": 1, "group": 0}
    assert (await world.counts(run.run_id, "updated"))["user"] == 1


async def test_a_delta_after_a_delta_begins_where_that_one_did(world: World) -> None:
    await _finished(world)
    _change(world, 7, minutes=1)
    assert world.portal.clock is not None
    world.portal.clock += timedelta(hours=1)
    await _finished(world, RunMode.DELTA)
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "extracted"))["user"] == 0


async def test_what_changed_shortly_before_the_last_run_is_read_again(world: World) -> None:
    _change(world, 7, minutes=-9)
    _change(world, 8, minutes=-11)
    await _finished(world)
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "extracted"))["user"] == 1


async def test_a_delta_without_a_watermark_reads_everything_and_says_so(world: World) -> None:
    run = await _finished(world, RunMode.DELTA)
    status = await world.status(run.run_id)
    assert status["entities"]["user"]["extracted"] == 130
    assert status["entities"]["user"]["since"] is None


async def test_the_status_tells_from_when_on_an_entity_was_read(world: World) -> None:
    await _finished(world)
    run = await _finished(world, RunMode.DELTA)
    status = await world.status(run.run_id)
    assert status["entities"]["user"]["since"] == "2026-03-01T11:50:00+00:00"


async def test_the_request_may_say_since_when(world: World) -> None:
    await _finished(world)
    _change(world, 7, minutes=-600)
    assert world.portal.clock is not None
    request = RunRequest("demo", RunMode.DELTA, since=world.portal.clock - timedelta(days=1))
    run = await world.drive((await world.control.start(request, "tester", world.starter)).run_id)
    assert (await world.counts(run.run_id, "extracted"))["user"] == 1


async def test_an_entity_that_was_stopped_keeps_its_watermark(world: World) -> None:
    await _finished(world)
    before = await _watermark(world)
    assert world.portal.clock is not None
    world.portal.clock += timedelta(hours=1)

    def refuse(entity: str, _cursor: object) -> None:
        if entity == "user":
            raise EntityStopped("source.denied", "not for you")

    world.portal.trouble = refuse
    run = await _finished(world, RunMode.DELTA)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert await _watermark(world) == before
    assert await _watermark(world, "department") == world.portal.clock


async def test_a_dry_run_leaves_no_watermark(world: World) -> None:
    await _finished(world, RunMode.DRY_RUN)
    assert await _watermark(world) is None


async def test_a_portal_that_does_not_tell_the_time_is_read_whole_each_time(world: World) -> None:
    world.portal.clock = None
    await _finished(world)
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "extracted"))["user"] == 130


async def _delta_of(world: World, *entities: str) -> Run:
    return await world.drive((await world.start(RunMode.DELTA, entities)).run_id)


def _later(world: World, **span: float) -> None:
    assert world.portal.clock is not None
    world.portal.clock += timedelta(**span)


async def test_after_a_baseline_of_some_entities_the_others_are_read_whole(world: World) -> None:
    await world.drive((await world.start(RunMode.FULL, ("department", "user"))).run_id)
    run = await _finished(world, RunMode.DELTA)
    assert await world.counts(run.run_id, "extracted") == {"department": 12, "user": 0, "group": 45}
    assert len(world.gateway.records) == 12 + 130 + 45


async def test_what_was_left_out_of_a_delta_is_read_from_where_it_stands(world: World) -> None:
    await _finished(world)
    _change(world, 7, minutes=1)
    _later(world, hours=1)
    await _delta_of(world, "department", "group")
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "updated"))["user"] == 1


async def test_parents_are_read_from_where_those_stand_that_follow_them(world: World) -> None:
    user, group = world.plan.entity("user"), world.plan.entity("group")
    world.plan = replace(world.plan, entities=(world.plan.entities[0], user, replace(group, extract_after=("user",))))
    await _finished(world)
    _change(world, 7, minutes=1)
    _later(world, hours=1)
    await _delta_of(world, "department", "user")
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "extracted"))["user"] == 1


async def test_what_changes_after_the_portals_clock_was_set_back_is_found(world: World) -> None:
    await _finished(world)
    _later(world, days=-1)
    _change(world, 7, minutes=1)
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "updated"))["user"] == 1


async def test_a_delta_on_a_clock_that_was_set_back_moves_the_watermark_all_the_same(world: World) -> None:
    await _finished(world)
    _later(world, days=-1)
    await _finished(world, RunMode.DELTA)
    assert await _watermark(world) == world.portal.clock


async def test_after_a_mapping_has_changed_a_delta_makes_unchanged_records_again(world: World) -> None:
    await _finished(world)
    world.plan = replace(world.plan, digest="digest-2", recipes={"user": "another"})
    rules = MAPPINGS["user"].rules
    world.mappings = {**MAPPINGS, "user": replace(MAPPINGS["user"], rules=rules[:1])}
    run = await _finished(world, RunMode.DELTA)
    counts = await world.counts(run.run_id, "extracted"), await world.counts(run.run_id, "sent_again")
    assert [one["user"] for one in counts] == [0, 130]
    assert "department_ids" not in world.gateway.records["user", "7"].data


async def test_with_the_same_mapping_nothing_is_made_again(world: World) -> None:
    world.plan = replace(world.plan, recipes={"user": "one", "group": "other"})
    await _finished(world)
    run = await _finished(world, RunMode.DELTA)
    assert run.remade == ()


async def test_what_a_run_gave_up_is_not_forgotten_by_the_next_delta(world: World) -> None:
    await _finished(world)
    _change(world, 7, minutes=1)
    world.portal.records["user"][7] = {"EMAIL": "", "DEPARTMENTS": [1]}
    assert (await _finished(world, RunMode.DELTA)).state is RunState.COMPLETED_WITH_ERRORS
    _later(world, hours=1)
    _change(world, 7, minutes=-1)
    run = await _finished(world, RunMode.DELTA)
    assert (await world.counts(run.run_id, "updated"))["user"] == 1
