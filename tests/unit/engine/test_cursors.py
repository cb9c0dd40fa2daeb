"""Cursors that are longer than a property of a table may be."""

from dataclasses import replace
from typing import Any

import pytest

from shared.model.ledger import Stage
from shared.model.records import Cut, SourcePage
from shared.model.run import RunState
from shared.ports.systems import Extracted

_LONG = "x" * 100_000


class TalkativePortal:
    """Wants every cursor back whole, however long."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        cut: Cut = await self.inner.cut(entity, ranges, extracted)
        return replace(cut, cursors=tuple({**cursor, "seen": _LONG} for cursor in cut.cursors))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        assert cursor["seen"] == _LONG
        page: SourcePage = await self.inner.read(entity, cursor, extracted)
        return replace(page, next={**page.next, "seen": _LONG} if page.next else None)


@pytest.fixture
def talkative(world):
    world.portal.page = 20
    world.portal = TalkativePortal(world.portal)
    world.rewire()
    return world


async def test_a_cursor_of_any_length_comes_back_whole(talkative):
    run = await talkative.drive((await talkative.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert (await talkative.status(run.run_id))["entities"]["user"]["extracted"] == 130


async def test_no_row_of_the_ledger_holds_a_long_cursor(talkative):
    run = await talkative.drive((await talkative.start()).run_id)
    pages = await talkative.stores.ledger.scan(run.run_id, stage=Stage.EXTRACT)
    assert max(len(str(page.cursor)) for page in pages) < 200
    assert len(await talkative.stores.archive.names(f"cursors/{run.run_id}/user/")) == 8


async def test_a_short_cursor_stays_in_its_row(world):
    run = await world.drive((await world.start()).run_id)
    assert await world.stores.archive.names(f"cursors/{run.run_id}/") == []
