"""Records that the source knows of and could not give: listed, and no reason to stop."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.records import Lost, SourcePage
from shared.model.run import RunState
from shared.ports.systems import Extracted


class LosingPortal:
    """Loses user 99 of whatever page he is on."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        page: SourcePage = await self.inner.read(entity, cursor, extracted)
        kept = tuple(record for record in page.records if (entity, record.id) != ("user", "99"))
        lost = (Lost("99", "source.denied", "nobody may see 99"),) if len(kept) < len(page.records) else ()
        return replace(page, records=kept, lost=lost)


@pytest.fixture
def losing(world):
    world.portal = LosingPortal(world.portal)
    world.rewire()
    return world


async def test_a_record_that_cannot_be_read_becomes_a_dead_letter_and_the_run_goes_on(losing):
    run = await losing.drive((await losing.start()).run_id)
    users = (await losing.status(run.run_id))["entities"]["user"]
    assert (users["extracted"], users["imported"], users["dead_lettered"], users["failed"]) == (129, 129, 1, 0)
    (letter,) = [one for one in await losing.stores.dead_letters.list(run.run_id) if one.entity == "user"]
    assert (letter.source_id, letter.reason, letter.message) == ("99", "source.denied", "nobody may see 99")
    assert await losing.stores.archive.get(letter.raw_blob)
    assert run.state is RunState.COMPLETED_WITH_ERRORS


async def test_a_page_that_two_workers_read_loses_its_record_once(losing):
    run = await losing.start(entities=("user",))
    while not (texts := await losing.messages(EXTRACT_QUEUE)):
        await losing.tick(run)
    await asyncio.gather(*(losing.extractor.work(ExtractMessage.load(text)) for text in (*texts, *texts)))
    assert (await losing.status(run.run_id))["entities"]["user"]["dead_lettered"] == 1
    assert len(await losing.stores.dead_letters.list(run.run_id)) == 1
