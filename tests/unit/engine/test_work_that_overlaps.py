"""Workers that are late, die, or meet: what one of them does never undoes what another one did."""

import asyncio
from dataclasses import replace

import pytest

from shared.engine.pages.completing import complete
from shared.engine.pages.holding import HOLD_SECONDS, holding
from shared.engine.pages.outlasting import Outlasting
from shared.model.errors import Conflict, EntityStopped, RetryLater, SlowDown
from shared.model.ledger import PageState, Stage
from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.run import RunState


class BreakingLedger:
    """Writes the first of the rows to insert, then is gone."""

    def __init__(self, ledger):
        self.ledger = ledger

    def __getattr__(self, name):
        return getattr(self.ledger, name)

    async def insert(self, rows):
        await self.ledger.insert(rows[:1])
        raise RetryLater("storage.unreachable", "gone")


class NotingLedger:
    """Notes a wake-up in the first row that a worker reads, when he has just read it."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.noted = False

    def __getattr__(self, name):
        return getattr(self.ledger, name)

    async def get(self, key):
        row = await self.ledger.get(key)
        if not self.noted:
            self.noted = True
            await self.ledger.mark([replace(row, enqueued_at=1.0)])
        return row


async def test_a_worker_of_an_older_generation_starts_no_further_call(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    gate, reached = asyncio.Event(), asyncio.Event()
    capabilities = world.gateway.capabilities

    async def slow_capabilities():
        reached.set()
        await gate.wait()
        return await capabilities()

    world.gateway.capabilities = slow_capabilities
    late = asyncio.create_task(world.importer.work(message))
    await reached.wait()
    await world.control.pause(run.run_id, "tester")
    world.clock.offset += 2
    gate.set()
    await late
    assert world.gateway.calls == []


async def test_a_slice_in_hand_is_left_alone_by_the_next_generation(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    async with holding(world.stores.ledger, world.clock, row):
        await world.control.pause(run.run_id, "tester")
        resumed = await world.control.resume(run.run_id, "tester", world.starter)
        await world.importer.work(replace(message, epoch=resumed.epoch))
        assert world.gateway.calls == []
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_a_wake_up_is_not_lost_when_it_is_noted_after_its_worker_came(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    world.importer.stores = replace(world.stores, ledger=NotingLedger(world.stores.ledger))
    await world.importer.work(message)
    assert (await world.stores.ledger.get(message.key)).state is PageState.DONE


async def test_a_slice_whose_worker_died_is_taken_over_when_its_hold_is_over(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    await world.stores.ledger.update(replace(row, held_by="dead", held_until=world.clock.seconds() + HOLD_SECONDS))
    before = world.clock.offset
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED
    assert world.clock.offset - before < 4 * HOLD_SECONDS


async def test_the_next_run_waits_for_a_slice_that_a_cancelled_one_has_in_hand(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    async with holding(world.stores.ledger, world.clock, row):
        await world.control.cancel(run.run_id, "tester")
        following = await world.start()
        assert not await world.binder.bind(following.run_id, following.epoch)
    assert await world.binder.bind(following.run_id, following.epoch)


async def test_a_lost_hold_is_not_renewed(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    async with holding(world.stores.ledger, world.clock, row) as hold:
        await world.stores.ledger.update(replace(hold.row, held_by="other"))
        with pytest.raises(Conflict):
            await hold.renew()
        assert not hold.safe


async def test_a_mark_by_somebody_else_does_not_end_a_hold(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    async with holding(world.stores.ledger, world.clock, row) as hold:
        await world.stores.ledger.mark([replace(hold.row, enqueued_at=1.0)])
        await hold.renew()
        assert hold.safe


async def test_two_workers_on_one_slice_send_it_once(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    await asyncio.gather(*(world.importer.work(message) for _ in range(4)))
    sent = [source_id for _, ids in world.gateway.calls for source_id in ids]
    assert len(sent) == len(set(sent))
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_two_workers_on_one_range_count_its_pages_once(world) -> None:
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    texts = await world.messages(EXTRACT_QUEUE)
    await asyncio.gather(*(world.extractor.work(ExtractMessage.load(text)) for text in [*texts, *texts]))
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED
    status = await world.status(run.run_id)
    assert status["entities"]["user"]["extracted"] == 130


async def test_a_park_wins_over_a_wake_up_that_is_marked_late(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    stale = await world.stores.ledger.get(message.key)

    def throttled(_entity, _items):
        world.gateway.before = lambda _entity, _items: None
        raise SlowDown("target.throttled", "later", retry_after=3.0)

    world.gateway.before = throttled
    await world.importer.work(message)
    await world.stores.ledger.mark([replace(stale, enqueued_at=world.clock.seconds())])
    parked = await world.stores.ledger.get(message.key)
    assert parked.enqueued_at is None
    before = world.clock.offset
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED
    assert world.clock.offset - before < 300


async def test_a_page_that_an_older_generation_left_behind_is_read_at_once(world) -> None:
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    page = (await world.stores.ledger.scan(run.run_id, entity="user", stage=Stage.EXTRACT))[0]
    now = world.clock.seconds()
    following = replace(page, key=replace(page.key, seq=1), etag=None, enqueued_at=now, enqueued_by=run.epoch)
    done = replace(page, state=PageState.DONE, blob="rows/empty")
    await world.stores.ledger.commit(done, [replace(following, cursor=page.cursor)])
    await world.messages(EXTRACT_QUEUE)
    await world.control.pause(run.run_id, "tester")
    await world.control.resume(run.run_id, "tester", world.starter)
    before = world.clock.offset
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED
    assert world.clock.offset - before < 300


async def test_a_commit_whose_answer_was_lost_is_recognised(world) -> None:
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    page = (await world.stores.ledger.scan(run.run_id, entity="user", stage=Stage.EXTRACT))[0]
    done = replace(page, state=PageState.DONE, blob="rows/mine")
    await world.stores.ledger.commit(done)
    await complete(world.stores.ledger, done)
    with pytest.raises(Conflict):
        await complete(world.stores.ledger, replace(done, blob="rows/another"))


async def test_a_cut_that_broke_off_is_finished_as_it_was_decided(world) -> None:
    run = await world.start()
    stores = world.stores
    world.stores = replace(stores, ledger=BreakingLedger(stores.ledger))
    world.rewire()
    with pytest.raises(RetryLater):
        await world.cutter.open(run.run_id, run.epoch, "user")
    world.stores = stores
    world.rewire()
    for number in range(131, 400):
        world.portal.records["user"][number] = {"EMAIL": f"u{number}@example.com", "DEPARTMENTS": [1]}
    await world.drive(run.run_id)
    assert (await world.status(run.run_id))["entities"]["user"]["extracted"] == 399


async def test_a_slice_that_is_done_again_counts_what_its_first_attempt_did(world) -> None:
    failed = []

    def once(entity, _items):
        if entity == "department" and not failed:
            failed.append(entity)
            raise SlowDown("target.throttled", "later")

    calls = []

    def second_call(entity, items):
        calls.append(entity)
        if calls.count("department") == 2:
            once(entity, items)

    world.gateway.before = second_call
    run = await world.drive((await world.start()).run_id)
    assert failed
    assert (await world.status(run.run_id))["entities"]["department"]["imported"] == 12


async def test_a_store_that_is_out_uses_up_no_attempt_of_the_message(world) -> None:
    async def out():
        raise RetryLater("storage.unreachable", "gone")

    await Outlasting(world.stores.queue, pause=0.0).work("extract", "wake up", out)
    assert await world.messages("extract") == ["wake up"]


async def test_an_entity_that_was_stopped_is_tried_again_after_resume(world) -> None:
    def denied(entity, _cursor):
        if entity == "user":
            raise EntityStopped("source.denied", "no scope")

    world.portal.trouble = denied
    run = await world.start()
    await world.tick(run)
    await world.tick(run)
    await world.control.pause(run.run_id, "tester")
    world.portal.trouble = lambda _entity, _cursor: None
    await world.control.resume(run.run_id, "tester", world.starter)
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED


async def test_what_needs_a_stopped_entity_is_stopped_with_it(world) -> None:
    def denied(entity, _cursor):
        if entity == "user":
            raise EntityStopped("source.denied", "no scope")

    world.portal.trouble = denied
    run = await world.drive((await world.start()).run_id)
    status = await world.status(run.run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS
    assert status["entities"]["group"]["blocked_by"] == "source.denied"
    assert status["entities"]["group"]["dead_lettered"] == 0


async def test_a_run_in_which_nothing_could_be_read_has_failed(world) -> None:
    def missing(_entity, _cursor):
        raise EntityStopped("source.method_missing", "Method not found!")

    world.portal.trouble = missing
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.FAILED
    assert run.reason == "source.method_missing"
