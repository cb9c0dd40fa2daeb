"""How many wake-ups are sent, when, and what says that the other side answers again."""

from dataclasses import replace

import pytest

from shared.engine.job import Pace
from shared.engine.pages.outlasting import Outlasting
from shared.engine.runs.outages import Outages
from shared.model.errors import RetryLater, SlowDown
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.messages import EXTRACT_QUEUE

_PAGES = 6  # two ranges for each of the three entities


async def cut(world, **pace):
    """Start a run and cut its entities; no message is sent yet."""
    world.pace = Pace(slice_rows=40, **pace)
    world.rewire()
    run = await world.start()
    await world.binder.bind(run.run_id, run.epoch)
    for entity in world.plan.names:
        await world.cutter.open(run.run_id, run.epoch, entity)
    return run


async def wake_ups(world, run):
    await world.advancer.tick(run.run_id, run.epoch, bound=True)
    return len(await world.messages(EXTRACT_QUEUE))


async def every_page_fails(world, run, error):
    """Let each page be tried once, in vain."""

    def trouble(_entity, _cursor):
        raise error

    world.portal.trouble = trouble
    await world.advancer.tick(run.run_id, run.epoch, bound=True)
    await world.deliver()


async def test_no_more_wake_ups_are_outstanding_than_the_window_allows(world) -> None:
    run = await cut(world, window=4)
    assert [await wake_ups(world, run) for _ in range(3)] == [4, 0, 0]


async def test_the_window_is_topped_up_as_pages_are_done(world) -> None:
    run = await cut(world, window=4)
    await wake_ups(world, run)
    done = (await world.stores.ledger.scan(run.run_id))[0]
    await world.stores.ledger.commit(replace(done, state=PageState.DONE))
    assert await wake_ups(world, run) == 1


async def test_a_wake_up_that_is_in_no_queue_any_more_is_sent_again_soon(world) -> None:
    run = await cut(world, heeded_within=30.0)
    assert await wake_ups(world, run) == _PAGES
    world.clock.offset += 25
    assert await wake_ups(world, run) == 0
    world.clock.offset += 10
    assert await wake_ups(world, run) == _PAGES


@pytest.mark.parametrize("queue", [EXTRACT_QUEUE, f"{EXTRACT_QUEUE}-poison"])
async def test_a_wake_up_that_may_still_be_in_a_queue_is_waited_for(world, queue: str) -> None:
    run = await cut(world, requeue_after=600.0)
    assert await wake_ups(world, run) == _PAGES
    await world.stores.queue.send(queue, ["of another run"])
    world.clock.offset += 590
    before = len(world.stores.queue._messages[queue])
    await world.advancer.tick(run.run_id, run.epoch, bound=True)
    assert len(world.stores.queue._messages[queue]) == before


async def test_a_wake_up_that_nobody_heeds_is_sent_again_in_time(world) -> None:
    run = await cut(world, requeue_after=600.0)
    assert await wake_ups(world, run) == _PAGES
    await world.stores.queue.send(f"{EXTRACT_QUEUE}-poison", ["of another run"])
    world.clock.offset += 590
    assert await wake_ups(world, run) == 0
    world.clock.offset += 20
    assert await wake_ups(world, run) == _PAGES


async def test_a_parked_page_is_not_woken_before_its_time(world) -> None:
    run = await cut(world)
    await every_page_fails(world, run, SlowDown("source.throttled", "later", retry_after=30.0))
    world.clock.offset += 25
    assert await wake_ups(world, run) == 0
    world.clock.offset += 25
    assert await wake_ups(world, run) == _PAGES


async def test_a_side_that_is_out_is_only_probed(world) -> None:
    run = await cut(world, probes=2)
    await every_page_fails(world, run, RetryLater("source.unreachable", "gone"))
    world.clock.offset += 25
    assert await wake_ups(world, run) == 2


@pytest.mark.parametrize(
    ("stage", "seconds_later", "waiting_on"),
    [(Stage.EXTRACT, 1.0, None), (Stage.EXTRACT, -1.0, "source"), (Stage.IMPORT, 1.0, "source")],
    ids=["a page read since", "a page read before", "a slice written since"],
)
async def test_an_outage_of_the_source_is_over_when_a_page_was_read_since(
    world, stage: Stage, seconds_later: float, waiting_on: str | None
) -> None:
    run = await cut(world)
    await Outages(world.stores.shared, world.clock).report(run.run_id, RetryLater("source.unreachable", "gone"))
    key = PageKey(run.run_id, "user", 0, stage, 7)
    row = PageRow(key, state=PageState.DONE, completed_at=world.clock.seconds() + seconds_later)
    await world.stores.ledger.insert([row])
    await world.advancer.tick(run.run_id, run.epoch, bound=True)
    assert (await world.run(run.run_id)).waiting_on == waiting_on


async def test_an_outage_that_was_over_for_a_minute_begins_anew(world) -> None:
    outages, gone = Outages(world.stores.shared, world.clock), RetryLater("source.unreachable", "gone")
    await outages.report("run-1", gone)
    world.clock.offset += 50
    assert await outages.report("run-1", gone) == pytest.approx(50, abs=1)
    world.clock.offset += 61
    assert await outages.report("run-1", gone) == 0


async def test_servers_of_files_are_no_side_that_a_run_waits_for_and_leave_no_row(world) -> None:
    outages = Outages(world.stores.shared, world.clock)
    await outages.report("run-1", RetryLater("media.unreachable", "gone"))
    assert await outages.of("run-1") == []
    assert (await world.stores.shared.read("outage", "run-1:media")).value is None


async def test_a_message_is_put_back_for_storage_only(world) -> None:
    async def out():
        raise RetryLater("target.unreachable", "gone")

    with pytest.raises(RetryLater):
        await Outlasting(world.stores.queue, pause=0.0).work("extract", "wake up", out)
    assert await world.messages("extract") == []
