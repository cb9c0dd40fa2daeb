"""Whole runs in memory, with trouble on the way: lost answers, outages, and records that are refused."""

from dataclasses import replace

import pytest

from shared.model.errors import EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.records import Receipt
from shared.model.run import RunState
from tests.unit.engine.conftest import IMPORTED, World


async def test_an_answer_that_was_lost_is_booked_as_our_own_import(world: World) -> None:
    lost = iter([True, True, True])

    def lose(entity, items):
        if entity == "user" and next(lost, False):
            raise RetryLater("target.unreachable", "connection reset")

    world.gateway.after = lose
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert (await world.counts(run.run_id, "imported"))["user"] == 130
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


async def test_a_worker_that_dies_before_it_books_repeats_without_harm(world: World) -> None:
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
    assert await world.counts(run.run_id, "imported") == IMPORTED


async def test_a_message_of_an_older_generation_does_nothing(world: World) -> None:
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    await world.control.pause(run.run_id, "tester")
    resumed = await world.control.resume(run.run_id, "tester", world.starter)
    world.clock.offset += 2
    await world.deliver()
    assert await world.counts(run.run_id, "extracted") == dict.fromkeys(IMPORTED, 0)
    assert (await world.drive(resumed.run_id)).state is RunState.COMPLETED


async def test_a_gateway_that_is_down_shows_and_then_halts_the_run(world: World) -> None:
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


async def test_a_gateway_that_goes_down_in_the_middle_loses_nothing(world: World) -> None:
    down = iter(range(12))

    def stumble(entity, items):
        if entity == "user" and next(down, None) is not None:
            raise RetryLater("target.unreachable", "connection refused")

    world.gateway.before = stumble
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert run.waiting_on is None
    assert await world.counts(run.run_id, "imported") == IMPORTED


async def test_throttling_only_costs_time(world: World) -> None:
    throttled = iter(range(5))

    def slow(entity, cursor):
        if next(throttled, None) is not None:
            raise SlowDown("source.throttled", "too many requests", retry_after=1.0)

    world.portal.trouble = slow
    assert (await world.drive((await world.start()).run_id)).state is RunState.COMPLETED


async def test_an_entity_that_cannot_be_read_does_not_stop_the_others(world: World) -> None:
    def denied(entity, cursor):
        if entity == "group":
            raise EntityStopped("source.denied", "insufficient scope")

    world.portal.trouble = denied
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "source.denied")
    assert (await world.counts(run.run_id, "imported"))["user"] == 130


async def test_a_portal_that_blocks_us_halts_the_run(world: World) -> None:
    def blocked(entity, cursor):
        raise RunStopped("source.overloaded", "OVERLOAD_LIMIT")

    world.portal.trouble = blocked
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "source.overloaded")


async def test_a_rejected_record_becomes_a_dead_letter_and_the_rest_goes_in(world: World) -> None:
    def reject(entity, item):
        if (entity, item.source_id) == ("user", "99"):
            return Receipt("99", "failed", code="CONFLICT", field="email", reason="taken by 12")
        return None

    world.gateway.refuse = reject
    run = await world.drive((await world.start()).run_id)
    [letter] = await world.stores.dead_letters.page(run.run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert (letter.source_id, letter.reason, letter.field) == ("99", "target.conflict", "email")
    assert (await world.counts(run.run_id, "imported"))["user"] == 129


async def test_a_record_whose_required_reference_never_arrives_is_a_dead_letter(world: World) -> None:
    world.portal.records["group"][45]["OWNER"] = "999"
    run = await world.drive((await world.start()).run_id)
    [letter] = await world.stores.dead_letters.page(run.run_id)
    assert (letter.entity, letter.source_id, letter.reason) == ("group", "45", "reference.missing")


async def test_a_transient_failure_of_single_records_is_repeated(world: World) -> None:
    stumbles = iter(range(7))

    def stumble(entity, item):
        if (entity, item.source_id) == ("user", "99") and next(stumbles, None) is not None:
            return Receipt("99", "failed", code="TRANSIENT", reason="deadlock", retryable=True)
        return None

    world.gateway.refuse = stumble
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert (await world.counts(run.run_id, "imported"))["user"] == 130


async def test_too_many_failures_halt_the_run_and_resume_tolerates_the_known_ones(world: World) -> None:
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


async def test_a_run_goes_on_with_the_threshold_that_its_resume_gives(world: World) -> None:
    world.gateway.refuse = lambda entity, item: (
        Receipt(item.source_id, "failed", code="VALIDATION", reason="no") if entity == "user" else None
    )
    run = await world.drive((await world.start()).run_id)
    await world.control.resume(run.run_id, "tester", world.starter, failure_threshold=1.0)
    ended = await world.drive(run.run_id)
    assert (ended.state, ended.options.failure_threshold) == (RunState.COMPLETED_WITH_ERRORS, 1.0)


async def test_a_run_that_fails_too_often_tells_its_most_frequent_causes(world) -> None:
    for i in (3, 5, 8):
        world.portal.records["user"][i]["EMAIL"] = "nonsense"
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.HALTED
    assert "3 of 142 records attempted had failed when it was halted; the threshold is 1.0%" in run.message
    assert "3 x user (transform.bad_value, email): email is not an e-mail address, as user 3" in run.message


async def test_pausing_resuming_and_cancelling_do_not_read_the_ledger(world) -> None:
    class Untouched:
        def __init__(self, ledger):
            self.entities, self.put_entity = ledger.entities, ledger.put_entity

    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    world.control.stores = replace(world.stores, ledger=Untouched(world.stores.ledger))
    assert (await world.control.pause(run.run_id, "tester")).state is RunState.PAUSED
    assert (await world.control.resume(run.run_id, "tester", world.starter)).state is RunState.RUNNING
    assert (await world.control.cancel(run.run_id, "tester")).state is RunState.CANCELLED
