"""Dead letters that a person requeues: what succeeds leaves, what fails stays, and nothing doubles."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.dead_letters.requeueing import Requeued, Selection
from shared.engine.job import Pace
from shared.engine.runs.refusals import ControlError
from shared.model.ledger import Stage
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import RunState
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS


class Crash(Exception):
    """The worker is gone."""


def refusing(world: Any, entity: str, *source_ids: str) -> None:
    """From now on the target refuses these records, and no others."""

    def refuse(name: str, item: OutgoingItem) -> Receipt | None:
        if name == entity and item.source_id in source_ids:
            return Receipt(item.source_id, "failed", code="VALIDATION", reason=f"record {item.source_id} is not valid")
        return None

    world.gateway.refuse = refuse


async def requeue(world: Any, *places: tuple[str, str, str], **selected: Any) -> Requeued:
    return await world.requeueing.requeue(Selection(places, **selected), "tester", world.starter)


async def letters(world: Any, run_id: str) -> dict[tuple[str, str], int]:
    """Attempts by entity and id."""
    return {(one.entity, one.source_id): one.attempts for one in await world.stores.dead_letters.page(run_id)}


async def totals(world: Any, run_id: str, entity: str) -> tuple[int, int, int]:
    counts = (await world.status(run_id))["entities"][entity]
    return counts["imported"], counts["failed"], counts["dead_lettered"]


@pytest.fixture
async def failed(world):
    """A run in which three groups failed, which was not too many."""
    world.pace = Pace(slice_rows=40, judge_after=1_000)
    world.rewire()
    refusing(world, "group", "3", "7", "40")
    return await world.drive((await world.start()).run_id)


async def test_what_succeeds_leaves_and_the_run_ends_anew(world, failed) -> None:
    assert await totals(world, failed.run_id, "group") == (42, 3, 3)
    refusing(world, "group")
    world.gateway.calls.clear()
    told = await requeue(world, run_id=failed.run_id)
    ended = await world.drive(failed.run_id)
    assert (told.letters, told.runs) == (3, (failed.run_id,))
    assert ended.state is RunState.COMPLETED
    assert await letters(world, failed.run_id) == {}
    assert await totals(world, failed.run_id, "group") == (45, 0, 0)


async def test_only_the_records_of_the_letters_are_sent(world, failed) -> None:
    refusing(world, "group")
    world.gateway.calls.clear()
    await requeue(world, run_id=failed.run_id)
    await world.drive(failed.run_id)
    sent = [(entity, one) for entity, ids in world.gateway.calls for one in ids]
    assert sorted(sent) == [("group", "3"), ("group", "40"), ("group", "7")]


async def test_what_fails_again_stays_with_its_attempts_counted_up(world, failed) -> None:
    refusing(world, "group", "7")
    await requeue(world, run_id=failed.run_id)
    ended = await world.drive(failed.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert await letters(world, failed.run_id) == {("group", "7"): 2}
    assert await totals(world, failed.run_id, "group") == (44, 1, 1)


async def test_a_letter_can_be_requeued_again_and_again(world, failed) -> None:
    for _ in range(2):
        await requeue(world, run_id=failed.run_id)
        await world.drive(failed.run_id)
    assert await letters(world, failed.run_id) == {("group", one): 3 for one in ("3", "7", "40")}
    refusing(world, "group")
    await requeue(world, run_id=failed.run_id)
    await world.drive(failed.run_id)
    assert await totals(world, failed.run_id, "group") == (45, 0, 0)
    assert len(world.gateway.records) == 187


async def test_letters_are_chosen_by_their_places(world, failed) -> None:
    refusing(world, "group")
    told = await requeue(world, (failed.run_id, "group", "7"), (failed.run_id, "group", "8"))
    await world.drive(failed.run_id)
    assert (told.letters, told.unknown) == (1, ((failed.run_id, "group", "8"),))
    assert set(await letters(world, failed.run_id)) == {("group", "3"), ("group", "40")}


async def test_letters_are_chosen_by_their_cause(world, failed) -> None:
    cause = (await world.stores.dead_letters.page(failed.run_id))[0].cause
    refusing(world, "group")
    assert (await requeue(world, cause="another")).letters == 0
    assert (await requeue(world, cause=cause)).letters == 3


async def test_records_that_waited_for_a_requeued_one_go_with_it(world) -> None:
    refusing(world, "user", "5")
    run = await world.drive((await world.start()).run_id)
    assert set(await letters(world, run.run_id)) == {("user", "5"), ("group", "5")}
    refusing(world, "user")
    told = await requeue(world, (run.run_id, "user", "5"))
    ended = await world.drive(run.run_id)
    assert (told.letters, told.waiting) == (2, 1)
    assert ended.state is RunState.COMPLETED
    assert world.gateway.records["group", "5"].data["owner_id"] == "t-user-5"


async def test_links_that_could_not_be_made_are_made_when_their_record_comes(world) -> None:
    refusing(world, "user", "10")
    run = await world.drive((await world.start()).run_id)
    assert (await world.counts(run.run_id, "unresolved"))["department"] == 1
    refusing(world, "user")
    await requeue(world, (run.run_id, "user", "10"))
    await world.drive(run.run_id)
    assert world.gateway.records["department", "1"].data["head_id"] == "t-user-10"
    assert (await world.counts(run.run_id, "unresolved"))["department"] == 0
    assert (await world.flaws.page(await world.run(run.run_id), 100, kind="unresolved"))[0] == []
    assert (await world.counts(run.run_id, "imported"))["department"] == 12


async def test_a_requeued_record_is_transformed_by_todays_mapping(world, monkeypatch) -> None:
    world.portal.records["group"][7]["NAME"] = ""
    run = await world.drive((await world.start()).run_id)
    assert set(await letters(world, run.run_id)) == {("group", "7")}
    fields = {
        "name": {"from": "NAME", "default": "nameless", "required": True},
        "owner_id": {"from": "OWNER", "reference": "user", "required": True},
    }
    monkeypatch.setitem(MAPPINGS, "group", read_mapping("group", {"field": fields}))
    world.plan = replace(world.plan, digest="digest-2")
    await requeue(world, run_id=run.run_id)
    ended = await world.drive(run.run_id)
    assert (ended.state, ended.plan_hash) == (RunState.COMPLETED, "digest-2")
    assert world.gateway.records["group", "7"].data["name"] == "nameless"


async def test_nothing_is_read_from_the_source_for_records_that_are_archived(world, failed) -> None:
    def trouble(_entity: str, _cursor: dict[str, Any]) -> None:
        raise AssertionError("asked")

    world.portal.trouble = trouble
    refusing(world, "group")
    await requeue(world, run_id=failed.run_id)
    assert (await world.drive(failed.run_id)).state is RunState.COMPLETED


async def test_who_requeued_is_kept_with_the_number_of_letters(world, failed) -> None:
    await requeue(world, run_id=failed.run_id)
    action = (await world.run(failed.run_id)).actions[-1]
    assert (action["action"], action["by"], action["letters"]) == ("requeue", "tester", 3)


async def test_a_letter_that_is_on_its_way_is_not_sent_twice(world, failed) -> None:
    refusing(world, "group")
    world.gateway.calls.clear()
    await requeue(world, run_id=failed.run_id)
    await requeue(world, run_id=failed.run_id)
    await world.drive(failed.run_id)
    assert sum(len(ids) for _, ids in world.gateway.calls) == 3
    assert await totals(world, failed.run_id, "group") == (45, 0, 0)


async def test_asking_what_would_be_requeued_changes_nothing(world, failed) -> None:
    told = await world.requeueing.requeue(Selection(run_id=failed.run_id), "tester", world.starter, only_tell=True)
    assert told.letters == 3
    assert await world.run(failed.run_id) == failed


async def test_another_run_of_the_plan_is_in_the_way(world, failed) -> None:
    await world.start()
    with pytest.raises(ControlError, match="has not ended") as refused:
        await requeue(world, run_id=failed.run_id)
    assert refused.value.code == "RUN_ALREADY_ACTIVE"


async def test_a_cancelled_run_keeps_its_letters(world) -> None:
    refusing(world, "department", "3")
    run = await world.start()
    while not await letters(world, run.run_id):
        await world.tick(run)
        await world.deliver()
    await world.control.cancel(run.run_id, "tester")
    with pytest.raises(ControlError) as refused:
        await requeue(world, run_id=run.run_id)
    assert refused.value.code == "INVALID_STATE"


async def test_of_several_runs_of_a_plan_the_newest_takes_a_cause_up(world, failed) -> None:
    again = await world.drive((await world.start()).run_id)
    cause = (await world.stores.dead_letters.page(failed.run_id))[0].cause
    assert (await requeue(world, cause=cause)).runs == (again.run_id,)


async def test_places_in_two_runs_of_a_plan_are_refused(world, failed) -> None:
    again = await world.drive((await world.start()).run_id)
    with pytest.raises(ControlError) as refused:
        await requeue(world, (failed.run_id, "group", "7"), (again.run_id, "group", "7"))
    assert refused.value.code == "INVALID_REQUEST"


async def drive_with_crashes(world: Any, run_id: str) -> Any:
    """As a host would: a message whose worker crashes goes to the reader of the poison queue."""
    for _ in range(200):
        run = await world.run(run_id)
        if (await world.tick(run)).stop:
            break
        waiting: Sequence[Any] = (
            (ExtractMessage, world.extractor, world.poison.page, EXTRACT_QUEUE),
            (ImportMessage, world, world.poison.slice, IMPORT_QUEUE),
        )
        for kind, worker, poison, queue in waiting:
            for text in await world.messages(queue):
                try:
                    await worker.work(kind.load(text))
                except Crash:
                    await poison(kind.load(text))
        world.clock.offset += 5
    return await world.run(run_id)


async def test_a_page_that_crashed_its_worker_goes_on_where_it_stands(world) -> None:
    world.portal.page = 20
    read: list[tuple[str, Any]] = []

    def crashing(entity: str, cursor: dict[str, Any]) -> None:
        read.append((entity, cursor.get("after")))
        if entity == "user" and cursor.get("after") == 40:
            raise Crash

    world.portal.trouble = crashing
    run = await drive_with_crashes(world, (await world.start()).run_id)
    assert ("user", "range-0-page-2") in await letters(world, run.run_id)
    read.clear()
    world.portal.trouble = lambda entity, cursor: read.append((entity, cursor.get("after")))
    await requeue(world, run_id=run.run_id)
    ended = await drive_with_crashes(world, run.run_id)
    assert ended.state is RunState.COMPLETED
    assert await letters(world, run.run_id) == {}
    assert read == [("user", 40), ("user", 60)]
    assert await totals(world, run.run_id, "user") == (130, 0, 0)
    assert await totals(world, run.run_id, "group") == (45, 0, 0)


async def test_a_page_that_crashes_again_counts_its_attempts_up(world) -> None:
    def crashing(entity: str, _cursor: dict[str, Any]) -> None:
        if entity == "group" and _cursor:
            raise Crash

    world.portal.trouble = crashing
    run = await drive_with_crashes(world, (await world.start()).run_id)
    assert await letters(world, run.run_id) == {("group", "range-0-page-0"): 1, ("group", "range-1-page-0"): 1}
    await requeue(world, run_id=run.run_id)
    await drive_with_crashes(world, run.run_id)
    assert await letters(world, run.run_id) == {("group", "range-0-page-0"): 2, ("group", "range-1-page-0"): 2}


async def test_a_slice_that_crashed_its_worker_is_done_again_whole(world) -> None:
    def crashing(entity: str, _items: Any) -> None:
        if entity == "group":
            raise Crash

    world.gateway.before = crashing
    run = await drive_with_crashes(world, (await world.start()).run_id)
    assert len(await letters(world, run.run_id)) == 45
    world.gateway.before = lambda _entity, _items: None
    await requeue(world, run_id=run.run_id)
    ended = await drive_with_crashes(world, run.run_id)
    assert ended.state is RunState.COMPLETED
    assert await letters(world, run.run_id) == {}
    assert await totals(world, run.run_id, "group") == (45, 0, 0)


async def test_a_redrive_is_kept_apart_from_the_slice_it_comes_from(world, failed) -> None:
    await requeue(world, run_id=failed.run_id)
    await world.drive(failed.run_id)
    rows = await world.stores.ledger.scan(failed.run_id, entity="group")
    redrives = [row for row in rows if row.key.stage is Stage.REDRIVE]
    assert len(redrives) == 2  # a slice of each range
    assert all(row.counts.imported == row.counts.failed == 0 for row in redrives)
