"""Records that the source knows of and could not give: listed, and no reason to stop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.records import DeadLetter, Lost, SourcePage
from shared.model.run import RunState
from shared.ports.systems import Extracted


class LosingPortal:
    """Loses the ``wanted`` users of whatever page they are on, for so many times; then they are found again."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.times = 1000
        self.wanted = {"99"}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        page: SourcePage = await self.inner.read(entity, cursor, extracted)
        lost = [record.id for record in page.records if record.id in self.wanted] if entity == "user" else []
        if not self.times or not lost:
            return page
        self.times -= 1
        kept = tuple(record for record in page.records if record.id not in lost)
        letters = tuple(Lost(one, "source.denied", f"nobody may see {one}") for one in lost)
        return replace(page, records=kept, lost=letters)


@pytest.fixture
def losing(world):
    world.portal = LosingPortal(world.portal)
    world.rewire()
    return world


async def test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_the_run_goes_on(losing):
    run = await losing.drive((await losing.start()).run_id)
    users = (await losing.status(run.run_id))["entities"]["user"]
    assert (users["extracted"], users["imported"], users["dead_lettered"], users["failed"]) == (129, 129, 1, 0)
    (letter,) = [one for one in await losing.stores.dead_letters.page(run.run_id) if one.entity == "user"]
    assert (letter.source_id, letter.reason, letter.message) == ("99", "source.denied", "nobody may see 99")
    assert await losing.stores.archive.get(letter.raw_blob)
    assert run.state is RunState.COMPLETED_WITH_ERRORS


async def test_a_page_that_two_workers_read_loses_its_record_once(losing):
    run = await losing.start(entities=("user",))
    while not (texts := await losing.messages(EXTRACT_QUEUE)):
        await losing.tick(run)
    await asyncio.gather(*(losing.extractor.work(ExtractMessage.load(text)) for text in (*texts, *texts)))
    assert (await losing.status(run.run_id))["entities"]["user"]["dead_lettered"] == 1
    assert len(await losing.stores.dead_letters.page(run.run_id)) == 1


class _Killed(Exception):
    """The worker is gone."""


async def test_the_letter_of_an_attempt_that_broke_off_goes_when_the_next_one_gets_the_record(losing, monkeypatch):
    run = await losing.start(entities=("user",))
    losing.portal.times = 1
    while not (texts := await losing.messages(EXTRACT_QUEUE)):
        await losing.tick(run)

    async def killed(*_: Any) -> None:
        raise _Killed

    with monkeypatch.context() as dying:
        dying.setattr("shared.engine.extraction.worker.complete", killed)
        for text in texts:
            with pytest.raises(_Killed):
                await losing.extractor.work(ExtractMessage.load(text))
    assert len(await losing.stores.dead_letters.page(run.run_id)) == 1
    for text in texts:
        await losing.extractor.work(ExtractMessage.load(text))
    assert await losing.stores.dead_letters.page(run.run_id) == []
    users = (await losing.status(run.run_id))["entities"]["user"]
    assert (users["extracted"], users["dead_lettered"]) == (130, 0)


class OvertakenLetters:
    """Dead letters whose writer is overtaken by another worker before it writes."""

    def __init__(self, inner: Any, overtake: Callable[[], Awaitable[None]]) -> None:
        self.inner = inner
        self.overtake = overtake

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        await self.overtake()
        await self.inner.add(letters)


async def test_who_comes_second_leaves_no_letter_of_a_record_that_the_first_one_got(losing):
    run = await losing.start(entities=("user",))
    losing.portal.times = 1
    while not (texts := await losing.messages(EXTRACT_QUEUE)):
        await losing.tick(run)

    async def read_all() -> None:
        for text in texts:
            await losing.extractor.work(ExtractMessage.load(text))

    letters = OvertakenLetters(losing.stores.dead_letters, read_all)
    losing.stores = replace(losing.stores, dead_letters=letters)
    losing.rewire()
    await read_all()
    assert await letters.page(run.run_id) == []
    assert (await losing.status(run.run_id))["entities"]["user"]["extracted"] == 130


async def test_records_that_cannot_be_read_count_towards_the_threshold(world):
    portal = LosingPortal(world.portal)
    portal.wanted = {str(number) for number in range(1, 131, 20)}
    world.portal = portal
    world.rewire()
    run = await world.drive((await world.start()).run_id)
    assert (run.state, run.reason) == (RunState.HALTED, "run.failures_over_threshold")
    resumed = await world.control.resume(run.run_id, "tester", world.starter)
    await world.tick(resumed)
    assert (await world.run(run.run_id)).tolerated == 7
