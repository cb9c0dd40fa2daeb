"""Messages whose workers crash again and again."""

from dataclasses import replace
from typing import Any

import pytest

from shared.engine.importing.outcome import Outcome
from shared.engine.importing.worker import Importer
from shared.engine.job import Pace
from shared.engine.pages.holding import holding
from shared.engine.runs.following import withdraw
from shared.model.errors import Conflict, RetryLater, SlowDown
from shared.model.ledger import PageRow, PageState
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE, ExtractMessage, ImportMessage
from shared.model.run import RunState


class Crash(Exception):
    """The worker is gone."""


class Killed(BaseException):
    """The whole process is gone: nobody catches it."""


class Moving:
    """A ledger in which somebody else is always first."""

    def __init__(self, ledger: Any) -> None:
        self.get = ledger.get

    async def update(self, row: PageRow) -> PageRow:
        raise Conflict(row.key.row)


async def drive_with_crashes(world, run):
    """As a host would: a message whose worker crashes goes to the poison queue's reader, until that one is content."""
    for _ in range(200):
        if (await world.tick(run)).stop:
            break
        waiting = [(ExtractMessage, world.extractor, world.poison.page, EXTRACT_QUEUE)]
        waiting.append((ImportMessage, world, world.poison.slice, IMPORT_QUEUE))
        for kind, worker, poison, queue in waiting:
            for text in await world.messages(queue):
                try:
                    await worker.work(kind.load(text))
                except Crash:
                    await poison(kind.load(text))
        world.clock.offset += 5
    return await world.run(run.run_id)


def crash_on(world, entity, times=1_000):
    left = [times]

    def before(name, _items):
        if name == entity and left[0]:
            left[0] -= 1
            raise Crash

    world.gateway.before = before


async def test_a_slice_that_always_crashes_is_given_up_and_the_run_ends(world) -> None:
    crash_on(world, "group")
    ended = await drive_with_crashes(world, await world.start())
    letters = await world.stores.dead_letters.page(ended.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert {letter.reason for letter in letters} == {"page.crashed_worker"}
    assert len(letters) == 45


async def test_a_slice_that_crashes_its_worker_once_more_alone_is_not_tried_again(world) -> None:
    crash_on(world, "group")
    attempts = 0
    worked = world.importer.work

    async def counted(message):
        nonlocal attempts
        attempts += message.entity == "group"
        await worked(message)

    world.poison.importer = type("Counted", (), {"work": staticmethod(counted), "left_of": world.importer.left_of})()
    await drive_with_crashes(world, await world.start())
    assert attempts == 2  # the groups make two slices


async def test_a_slice_that_was_in_hand_when_the_worker_died_of_another_goes_in(world) -> None:
    crash_on(world, "group", times=1)
    ended = await drive_with_crashes(world, await world.start())
    assert ended.state is RunState.COMPLETED
    assert await world.stores.dead_letters.page(ended.run_id) == []


async def test_what_went_in_before_the_crash_is_no_dead_letter(world) -> None:
    world.pace = Pace(slice_rows=100, calls_in_flight=1)
    world.rewire()

    def before(entity, items):
        if entity == "user" and "51" in {item.source_id for item in items}:
            raise Crash

    world.gateway.before = before
    ended = await drive_with_crashes(world, await world.start())
    letters = {one.source_id for one in await world.stores.dead_letters.page(ended.run_id) if one.entity == "user"}
    arrived = {source_id for entity, source_id in world.gateway.records if entity == "user"}
    assert letters == {str(number) for number in range(51, 67)}  # the second batch of the first range
    assert len(arrived) == 114


async def test_what_has_not_changed_since_the_last_run_is_no_dead_letter(world) -> None:
    await world.drive((await world.start()).run_id)
    world.portal.records["group"][7]["NAME"] = "new"
    crash_on(world, "group")
    ended = await drive_with_crashes(world, await world.start())
    assert [letter.source_id for letter in await world.stores.dead_letters.page(ended.run_id)] == ["7"]


async def test_what_cannot_be_judged_either_is_given_up(world, monkeypatch) -> None:
    await world.drive((await world.start()).run_id)
    await withdraw(world.stores.idmaps.of("demo"), world.clock.now())

    def crash(*_):
        raise Crash

    monkeypatch.setattr(Outcome, "has_same_origin", crash)
    ended = await drive_with_crashes(world, await world.start())
    letters = [one for one in await world.stores.dead_letters.page(ended.run_id) if one.entity == "group"]
    assert len(letters) == 45


async def first_slice(world):
    run = await world.start()
    return await world.first_import(run)


async def test_a_slice_whose_last_chance_killed_the_whole_process_gets_no_other(world) -> None:
    message = await first_slice(world)

    def killed(entity, _items):
        if entity != "capabilities":
            raise Killed

    world.gateway.before = killed
    with pytest.raises(Killed):
        await world.poison.slice(message)
    world.gateway.before = lambda _entity, _items: None
    await world.poison.slice(message)
    row = await world.stores.ledger.get(message.key)
    assert (row.state, row.reason) == (PageState.DEAD, "page.crashed_worker")
    assert world.gateway.calls == []


async def test_a_slice_that_somebody_works_on_is_not_given_up(world) -> None:
    message = await first_slice(world)
    row = await world.stores.ledger.get(message.key)
    async with holding(world.stores.ledger, world.clock, row):
        await world.poison.slice(message)
        assert (await world.stores.ledger.get(message.key)).state is PageState.PENDING
    assert await world.stores.dead_letters.page() == []


async def test_a_slice_that_changes_under_its_last_chance_is_not_given_up(world) -> None:
    message = await first_slice(world)
    world.poison.stores = replace(world.stores, ledger=Moving(world.stores.ledger))
    await world.poison.slice(message)
    assert (await world.stores.ledger.get(message.key)).state is PageState.PENDING


async def test_poison_of_an_older_generation_gives_nothing_up(world) -> None:
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    texts = await world.messages(EXTRACT_QUEUE)
    await world.control.pause(run.run_id, "tester")
    await world.control.resume(run.run_id, "tester", world.starter)
    for text in texts:
        await world.poison.page(ExtractMessage.load(text))
        await world.poison.page(ExtractMessage.load(text))
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_a_page_that_always_crashes_is_given_up(world) -> None:
    def trouble(entity, cursor):
        if entity == "user" and cursor.get("after"):
            raise Crash

    world.portal.trouble = trouble
    ended = await drive_with_crashes(world, await world.start())
    letters = await world.stores.dead_letters.page(ended.run_id)
    assert ended.state is RunState.COMPLETED_WITH_ERRORS
    assert [letter.entity for letter in letters if letter.reason == "page.crashed_worker"] == ["user"]


def failing(store, name, times, until=lambda *_: True):
    """The method ``name`` of ``store``, which is out for the first ``times`` calls that ``until`` is about."""
    works, left = getattr(store, name), [times]

    async def out(*values):
        if left[0] and until(*values):
            left[0] -= 1
            raise RetryLater("storage.unreachable", "out")
        return await works(*values)

    return out


async def test_storage_that_is_out_during_the_last_chance_does_not_use_it_up(world, monkeypatch) -> None:
    message = await first_slice(world)
    archive = world.stores.archive
    monkeypatch.setattr(type(archive), "put", staticmethod(failing(archive, "put", 1)))
    with pytest.raises(RetryLater):
        await world.poison.slice(message)
    await world.poison.slice(message)
    assert (await world.stores.ledger.get(message.key)).state is PageState.DONE


async def test_a_chance_is_given_back_as_soon_as_storage_takes_it(world, monkeypatch) -> None:
    message = await first_slice(world)
    archive, ledger = world.stores.archive, world.stores.ledger
    world.poison.pause = 0.0
    monkeypatch.setattr(type(archive), "get", staticmethod(failing(archive, "get", 1)))
    monkeypatch.setattr(type(ledger), "update", staticmethod(failing(ledger, "update", 3, lambda row: not row.solo)))
    with pytest.raises(RetryLater):
        await world.poison.slice(message)
    assert not (await ledger.get(message.key)).solo


async def test_poison_of_a_paused_run_neither_takes_the_last_chance_nor_gives_up(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.update(replace(await world.stores.ledger.get(message.key), solo=True))
    await world.control.pause(run.run_id, "tester")
    await world.poison.slice(message)
    assert await world.stores.ledger.get(message.key) == row


async def test_a_slice_that_has_to_wait_in_its_last_chance_gets_another(world) -> None:
    message = await first_slice(world)

    def busy(entity, _items):
        if entity != "capabilities":
            raise SlowDown("target.throttled", "later", retry_after=1.0)

    world.gateway.before = busy
    await world.poison.slice(message)
    world.gateway.before = lambda _entity, _items: None
    await world.poison.slice(message)
    assert (await world.stores.ledger.get(message.key)).state is PageState.DONE


async def test_a_slice_that_crashes_when_all_its_records_are_in_is_done_and_waits_for_its_patches(
    world, monkeypatch
) -> None:
    async def crash(*_):
        raise Crash

    monkeypatch.setattr(Importer, "_complete", crash)
    message = await first_slice(world)
    await world.poison.slice(message)
    row = await world.stores.ledger.get(message.key)
    assert (row.state, row.counts.created, row.counts.deferred) == (PageState.DONE, 7, 7)
    assert await world.stores.dead_letters.page() == []
