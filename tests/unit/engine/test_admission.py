"""Whether a worker may act, and how soon it learns that it may not."""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.engine.runs.admission import Admission
from shared.model.errors import RunStopped
from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.run import RunState


@dataclass
class CountingRuns:
    """Run rows, and how often they were asked for."""

    inner: Any
    reads: int = 0

    async def get(self, run_id: str) -> Any:
        self.reads += 1
        return await self.inner.get(run_id)


async def test_a_run_that_works_admits_its_own_generation_only(world) -> None:
    run = await world.start()
    admission = Admission(world.stores.runs, world.clock)
    assert (await admission.run(run.run_id, run.epoch)).run_id == run.run_id
    assert await admission.run(run.run_id, run.epoch + 1) is None
    assert await admission.run(run.run_id, run.epoch - 1) is None
    assert await admission.run("unknown", run.epoch) is None


async def test_workers_share_one_read_of_the_run_for_a_second(world) -> None:
    run = await world.start()
    runs = CountingRuns(world.stores.runs)
    admission = Admission(runs, world.clock)
    for _ in range(20):
        await admission.run(run.run_id, run.epoch)
    assert runs.reads == 1


async def test_a_pause_is_heeded_after_a_second_and_its_end_at_once(world) -> None:
    run = await world.start()
    admission = Admission(world.stores.runs, world.clock)
    await admission.run(run.run_id, run.epoch)
    await world.control.pause(run.run_id, "tester")
    world.clock.offset += 1.1
    assert await admission.run(run.run_id, run.epoch) is None
    resumed = await world.control.resume(run.run_id, "tester", world.starter)
    assert await admission.run(run.run_id, resumed.epoch) is not None


async def test_an_import_message_of_an_older_generation_does_nothing(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    await world.control.pause(run.run_id, "tester")
    await world.control.resume(run.run_id, "tester", world.starter)
    await world.importer.work(message)
    assert world.gateway.calls == []


async def test_an_import_message_of_a_paused_run_leaves_its_slice_untouched(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    before = await world.stores.ledger.get(message.key)
    await world.control.pause(run.run_id, "tester")
    world.clock.offset += 2
    await world.importer.work(message)
    assert await world.stores.ledger.get(message.key) == before


async def test_an_extraction_stops_between_two_pages_when_the_run_is_paused(world) -> None:
    world.portal.page = 10
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    texts = await world.messages(EXTRACT_QUEUE)
    read, reads = world.portal.read, []

    async def pausing(entity, cursor, extracted):
        page = await read(entity, cursor, extracted)
        reads.append(entity)
        if len(reads) == 1:
            await world.control.pause(run.run_id, "tester")
            world.clock.offset += 2
        return page

    world.portal.read = pausing
    message = next(one for one in map(ExtractMessage.load, texts) if one.entity == "user")
    await world.extractor.work(message)
    assert reads == ["user"]


@pytest.mark.parametrize("step", ["tick", "cut", "bind"])
@pytest.mark.parametrize("why", ["paused", "older generation"])
async def test_no_step_of_the_orchestration_acts_for_a_generation_that_is_over(world, step: str, why: str) -> None:
    run = await world.start()
    await world.control.pause(run.run_id, "tester")
    if why == "older generation":
        await world.control.resume(run.run_id, "tester", world.starter)
    before = await world.run(run.run_id)
    if step == "tick":
        assert (await world.advancer.tick(run.run_id, run.epoch, bound=True)).stop
        assert await world.run(run.run_id) == before
    elif step == "cut":
        assert not await world.cutter.open(run.run_id, run.epoch, "user")
        assert await world.stores.ledger.entities(run.run_id) == {}
    else:
        assert not await world.binder.bind(run.run_id, run.epoch)
        assert await world.stores.runs.binding("demo") is None


async def test_a_store_that_changes_before_the_run_is_bound_halts_it(world) -> None:
    run = await world.start()
    await world.stores.runs.bind("demo", "portal.example", "store-2")
    assert not await world.binder.bind(run.run_id, run.epoch)
    halted = await world.run(run.run_id)
    assert (halted.state, halted.reason) == (RunState.HALTED, "target.changed")


async def test_a_store_that_changes_under_a_run_halts_it_before_anything_is_written(world) -> None:
    run = await world.start()
    await world.first_import(run)
    world.gateway.store_id = "store-2"
    halted = await world.drive(run.run_id)
    assert (halted.state, halted.reason) == (RunState.HALTED, "target.changed")
    assert not world.gateway.records


async def test_a_target_is_asked_who_it_is_once_a_minute(world) -> None:
    run = await world.start()
    await world.stores.runs.bind("demo", "portal.example", "store-1")
    guard, job = world.importer.guard, world.of("demo")
    await guard.capabilities(run, job)
    world.gateway.store_id = "store-2"
    assert (await guard.capabilities(run, job)).store_id == "store-1"
    world.clock.offset += 61
    with pytest.raises(RunStopped) as caught:
        await guard.capabilities(run, job)
    assert caught.value.reason.code == "target.changed"
