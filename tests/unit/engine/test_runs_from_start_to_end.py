"""Whole runs in memory: what arrives, what a second run does, and what trouble on the way changes."""

from dataclasses import replace

import pytest

from shared.engine.control import ControlError
from shared.model.errors import EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.records import Receipt
from shared.model.run import RunMode, RunState

IMPORTED = {"department": 12, "user": 130, "group": 45}


async def counts(world, run_id, name):
    status = await world.status(run_id)
    return {entity: values[name] for entity, values in status["entities"].items()}


async def test_everything_arrives_with_its_references(world) -> None:
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert await counts(world, run.run_id, "imported") == IMPORTED
    assert len(world.gateway.records) == sum(IMPORTED.values())
    assert world.gateway.records["department", "5"].data == {
        "name": "d5",
        "parent_id": "t-department-2",
        "head_id": "t-user-50",
    }
    assert world.gateway.records["group", "45"].data["owner_id"] == "t-user-45"


async def test_parents_go_before_their_children(world) -> None:
    await world.drive((await world.start()).run_id)
    order = [source_id for entity, ids in world.gateway.calls if entity == "department" for source_id in ids]
    first = {source_id: order.index(source_id) for source_id in order}
    assert all(first[str(child // 2)] < first[str(child)] for child in range(2, 13))


async def test_a_cycle_is_closed_by_one_patch(world) -> None:
    run = await world.drive((await world.start()).run_id)
    assert {written.versions for key, written in world.gateway.records.items() if key[0] == "department"} == {2}
    assert (await counts(world, run.run_id, "patched"))["department"] == 12


async def test_a_second_run_sends_nothing(world) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.calls.clear()
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert world.gateway.calls == []
    assert await counts(world, run.run_id, "skipped") == IMPORTED
    assert sum((await counts(world, run.run_id, "imported")).values()) == 0


async def test_only_what_changed_is_sent_again(world) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.calls.clear()
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    run = await world.drive((await world.start()).run_id)
    assert world.gateway.calls == [("user", ["7"])]
    assert (await counts(world, run.run_id, "updated"))["user"] == 1


async def test_a_dry_run_counts_and_writes_nothing(world) -> None:
    run = await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    assert run.state is RunState.COMPLETED
    assert await counts(world, run.run_id, "imported") == IMPORTED
    assert not world.gateway.records
    assert await world.stores.runs.lock_holder("demo") is None


async def test_a_second_start_is_refused_while_a_run_is_active(world) -> None:
    first = await world.start()
    with pytest.raises(ControlError, match=first.run_id) as caught:
        await world.start()
    assert caught.value.code == "RUN_ALREADY_ACTIVE"


async def test_a_lock_whose_run_has_ended_does_not_block(world) -> None:
    run = await world.drive((await world.start()).run_id)
    await world.stores.runs.lock("demo", run.run_id)
    assert (await world.start()).run_id != run.run_id


async def test_an_answer_that_was_lost_is_booked_as_our_own_import(world) -> None:
    lost = iter([True, True, True])

    def lose(entity, items):
        if entity == "user" and next(lost, False):
            raise RetryLater("target.unreachable", "connection reset")

    world.gateway.after = lose
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert (await counts(world, run.run_id, "imported"))["user"] == 130
    assert {written.versions for key, written in world.gateway.records.items() if key[0] == "user"} == {1}


class DyingIdMap:
    """An id map whose first write never happens, because its process dies."""

    def __init__(self, real) -> None:
        self.block, self.find, self._write, self._dead = real.block, real.find, real.write, False

    async def write(self, entries) -> None:
        if not self._dead:
            self._dead = True
            raise MemoryError
        await self._write(entries)


async def test_a_worker_that_dies_before_it_books_repeats_without_harm(world) -> None:
    dying = DyingIdMap(world.stores.idmaps.of("demo"))
    world.stores.idmaps._maps["demo"] = dying
    world.rewire()
    run = await world.start()
    with pytest.raises(MemoryError):
        await world.drive(run.run_id)
    world.rewire()
    revived = await world.control.pause(run.run_id, "tester")
    revived = await world.control.resume(run.run_id, "tester", world.starter)
    assert (await world.drive(revived.run_id)).state is RunState.COMPLETED
    assert await counts(world, run.run_id, "imported") == IMPORTED


async def test_a_message_of_an_older_generation_does_nothing(world) -> None:
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    await world.control.pause(run.run_id, "tester")
    resumed = await world.control.resume(run.run_id, "tester", world.starter)
    world.clock.offset += 2
    await world.deliver()
    assert await counts(world, run.run_id, "extracted") == dict.fromkeys(IMPORTED, 0)
    assert (await world.drive(resumed.run_id)).state is RunState.COMPLETED


async def test_a_gateway_that_is_down_shows_and_then_halts_the_run(world) -> None:
    def down(entity, items):
        raise RetryLater("target.unreachable", "connection refused")

    world.gateway.before = down
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    assert (await world.status(run.run_id))["waiting_on"] == "target"
    halted = await world.drive(run.run_id, turns=400)
    assert (halted.state, halted.reason) == (RunState.HALTED, "target.unreachable")
    world.gateway.before = lambda entity, items: None
    await world.control.resume(run.run_id, "tester", world.starter)
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_a_gateway_that_goes_down_in_the_middle_loses_nothing(world) -> None:
    down = iter(range(12))

    def stumble(entity, items):
        if entity == "user" and next(down, None) is not None:
            raise RetryLater("target.unreachable", "connection refused")

    world.gateway.before = stumble
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert run.waiting_on is None
    assert await counts(world, run.run_id, "imported") == IMPORTED


async def test_throttling_only_costs_time(world) -> None:
    throttled = iter(range(5))

    def slow(entity, cursor):
        if next(throttled, None) is not None:
            raise SlowDown("source.throttled", "too many requests", retry_after=1.0)

    world.portal.trouble = slow
    assert (await world.drive((await world.start()).run_id)).state is RunState.COMPLETED


async def test_an_entity_that_cannot_be_read_does_not_stop_the_others(world) -> None:
    def denied(entity, cursor):
        if entity == "group":
            raise EntityStopped("source.denied", "insufficient scope")

    world.portal.trouble = denied
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "source.denied")
    assert (await counts(world, run.run_id, "imported"))["user"] == 130


async def test_a_portal_that_blocks_us_halts_the_run(world) -> None:
    def blocked(entity, cursor):
        raise RunStopped("source.overloaded", "OVERLOAD_LIMIT")

    world.portal.trouble = blocked
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "source.overloaded")


async def test_a_rejected_record_becomes_a_dead_letter_and_the_rest_goes_in(world) -> None:
    def reject(entity, item):
        if (entity, item.source_id) == ("user", "99"):
            return Receipt("99", "failed", code="CONFLICT", field="email", reason="taken by 12")
        return None

    world.gateway.refuse = reject
    run = await world.drive((await world.start()).run_id)
    [letter] = await world.stores.dead_letters.list(run.run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert (letter.source_id, letter.reason, letter.field) == ("99", "target.conflict", "email")
    assert (await counts(world, run.run_id, "imported"))["user"] == 129


async def test_a_record_whose_required_reference_never_arrives_is_a_dead_letter(world) -> None:
    world.portal.records["group"][45]["OWNER"] = "999"
    run = await world.drive((await world.start()).run_id)
    [letter] = await world.stores.dead_letters.list(run.run_id)
    assert (letter.entity, letter.source_id, letter.reason) == ("group", "45", "reference.missing")


async def test_a_transient_failure_of_single_records_is_repeated(world) -> None:
    stumbles = iter(range(7))

    def stumble(entity, item):
        if (entity, item.source_id) == ("user", "99") and next(stumbles, None) is not None:
            return Receipt("99", "failed", code="TRANSIENT", reason="deadlock", retryable=True)
        return None

    world.gateway.refuse = stumble
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert (await counts(world, run.run_id, "imported"))["user"] == 130


async def test_too_many_failures_halt_the_run_and_resume_tolerates_the_known_ones(world) -> None:
    world.gateway.refuse = lambda entity, item: (
        Receipt(item.source_id, "failed", code="VALIDATION", reason="no")
        if entity == "user" and int(item.source_id) > 125
        else None
    )
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "run.failures_over_threshold")
    await world.control.resume(run.run_id, "tester", world.starter)
    ended = await world.drive(run.run_id)
    assert (ended.state, ended.tolerated) == (RunState.COMPLETED_WITH_ERRORS, 5)


async def test_a_run_goes_on_with_the_threshold_that_its_resume_gives(world) -> None:
    world.gateway.refuse = lambda entity, item: (
        Receipt(item.source_id, "failed", code="VALIDATION", reason="no") if entity == "user" else None
    )
    run = await world.drive((await world.start()).run_id)
    await world.control.resume(run.run_id, "tester", world.starter, failure_threshold=1.0)
    ended = await world.drive(run.run_id)
    assert (ended.state, ended.options.failure_threshold) == (RunState.COMPLETED_WITH_ERRORS, 1.0)


async def test_cancel_frees_the_plan_and_late_messages_do_nothing(world) -> None:
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    await world.control.cancel(run.run_id, "tester")
    await world.deliver()
    assert not world.gateway.records
    assert (await world.start()).run_id != run.run_id


async def test_a_changed_plan_halts_a_run_that_is_under_way(world) -> None:
    run = await world.start()
    world.plan = replace(world.plan, digest="digest-2")
    halted = await world.drive(run.run_id)
    assert (halted.state, halted.reason) == (RunState.HALTED, "plan.changed")


async def test_another_store_behind_the_gateway_is_refused(world) -> None:
    await world.drive((await world.start()).run_id)
    world.gateway.store_id = "store-2"
    with pytest.raises(ControlError) as caught:
        await world.start()
    assert caught.value.code == "TARGET_CHANGED"


async def test_another_portal_is_refused(world) -> None:
    await world.drive((await world.start()).run_id)
    world.portal.name = "other.example"
    with pytest.raises(ControlError) as caught:
        await world.start()
    assert caught.value.code == "TARGET_CHANGED"


async def test_the_watchdog_revives_a_run_that_nobody_drives(world) -> None:
    run = await world.start()

    async def dead(instance_id):
        return False

    assert await world.watchdog.look(("demo",), dead, world.starter) == [run.run_id]
    assert world.started[-1][0] == f"{run.run_id}-2"
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_status_tells_pages_only_when_they_are_known(world) -> None:
    run = await world.start()
    assert (await world.status(run.run_id))["entities"]["user"]["pages"] == {"total": None, "done": 0}
    await world.drive(run.run_id)
    status = await world.status(run.run_id)
    assert status["entities"]["user"]["pages"] == {"total": 2, "done": 2}
    assert status["eta_seconds"] == 0.0
