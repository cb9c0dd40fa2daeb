"""Rows lie beside the raw answers as a mere cache: what is missing of them is made again, without the source."""

from dataclasses import replace
from typing import Any

import pytest

from shared.engine.archive.extracted import RowCache
from shared.engine.archive.rebuilding import RowsLost
from shared.engine.archive.rows import blobs_of, page_of
from shared.model.ledger import Counts, PageKey, PageRow, PageState, Stage
from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.plan import Entity
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.model.run import Run, RunState
from shared.ports.systems import Extracted
from tests.unit.engine.conftest import World

_KEY = PageKey("run-1", "smart_process_item", 3, Stage.EXTRACT, 12)


class MembersPortal:
    """Adds ``member`` to a portal: one for each group, a range of them for each page of groups."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        if entity != "member":
            return await self.inner.cut(entity, ranges, extracted)
        return Cut(tuple({"page": page} for page in await extracted.pages("group")))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        if entity != "member":
            return await self.inner.read(entity, cursor, extracted)
        rows = tuple(SourceRecord(one.id, {"GROUP": one.id}) for one in await extracted.rows(cursor["page"]))
        return SourcePage(rows, (b"{}",), None, 1)


def _lose(world: World, *prefixes: str) -> list[str]:
    """As retention would: blobs go whose names begin with one of ``prefixes``."""
    blobs = world.stores.archive._blobs  # the store in memory keeps them so
    lost = [name for name in blobs if name.startswith(prefixes)]
    for name in lost:
        del blobs[name]
    return lost


async def _read_to_the_end(world: World) -> Run:
    """A run that has read everything and imported nothing."""
    run = await world.start()
    for _ in range(50):
        await world.tick(run)
        texts = await world.messages(EXTRACT_QUEUE)
        for text in texts:
            await world.extractor.work(ExtractMessage.load(text))
        pages = await world.stores.ledger.scan(run.run_id, stage=Stage.EXTRACT)
        if len(pages) >= 6 and all(page.state is PageState.DONE for page in pages):
            return run
        world.clock.offset += 5
    raise AssertionError("not everything was read")


def _forbid_reading(world: World) -> None:
    def asked(entity: str, _cursor: dict[str, Any]) -> None:
        raise AssertionError(f"the portal was asked for {entity} again")

    world.portal.trouble = asked


async def test_everything_arrives_though_all_rows_went_between_reading_and_importing(world: World) -> None:
    run = await _read_to_the_end(world)
    lost = _lose(world, "rows/")
    _forbid_reading(world)
    world.rewire()
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED
    assert len(world.gateway.records) == 12 + 130 + 45
    assert world.gateway.records["group", "7"].data["owner_id"] == "t-user-7"
    assert set(lost) <= set(await world.stores.archive.names("rows/"))


async def test_rows_that_are_made_again_are_the_same_to_the_letter(world: World) -> None:
    await _read_to_the_end(world)
    before = {name: await world.stores.archive.get(name) for name in await world.stores.archive.names("rows/")}
    _lose(world, "rows/")
    cache = RowCache(world, world.stores)
    for name in before:
        await cache.rows(name)
    assert {name: await world.stores.archive.get(name) for name in before} == before


async def test_slices_of_which_nothing_is_left_are_given_up_and_the_run_goes_on(world: World) -> None:
    run = await _read_to_the_end(world)
    _lose(world, f"rows/{run.run_id}/group/00001", f"raw/{run.run_id}/group/00001")
    world.rewire()
    assert (await world.drive(run.run_id)).state is RunState.COMPLETED_WITH_ERRORS
    (letter,) = await world.stores.dead_letters.page(run.run_id)
    assert (letter.source_id, letter.reason) == ("range-1-page-0-slice-0", "page.rows_lost")
    group = (await world.status(run.run_id))["entities"]["group"]
    assert group["blocked_by"] is None
    assert group["imported"] + group["dead_lettered"] == group["extracted"] == 45


async def _lost(world: World, run: Run, content: bytes) -> RowsLost:
    """What is said of a page of users whose raw blob holds ``content``."""
    row = next(one for one in await world.stores.ledger.scan(run.run_id, entity="user", stage=Stage.EXTRACT))
    _lose(world, row.blob or "")
    await world.stores.archive.put(row.raw_blob or "", content)
    with pytest.raises(RowsLost) as caught:
        await RowCache(world, world.stores).rows(row.blob or "")
    assert row.blob not in await world.stores.archive.names("rows/")
    return caught.value


async def test_answers_that_give_another_number_of_records_are_not_taken(world: World) -> None:
    lost = await _lost(world, await _read_to_the_end(world), b'[[{"id": "1", "data": {}}]]')
    assert "gives 1 records instead of" in lost.message


async def test_answers_that_give_the_records_in_another_order_are_not_taken(world: World) -> None:
    run = await _read_to_the_end(world)
    row = next(one for one in await world.stores.ledger.scan(run.run_id, entity="user", stage=Stage.EXTRACT))
    before = world.portal.rows
    world.portal.rows = lambda entity, raw: before(entity, raw)[::-1]
    lost = await _lost(world, run, await world.stores.archive.get(row.raw_blob or ""))
    assert "another order" in lost.message


async def test_a_raw_blob_that_is_cut_off_is_told(world: World) -> None:
    lost = await _lost(world, await _read_to_the_end(world), b'[[{"id": "1"')
    assert "is damaged" in lost.message


async def test_rows_of_no_page_are_not_made_up(world: World) -> None:
    with pytest.raises(RowsLost, match="no page of a run"):
        await RowCache(world, world.stores).rows("rows/none")
    await world.stores.ledger.insert([PageRow(_KEY, blob="rows/another", counts=Counts(extracted=1))])
    with pytest.raises(RowsLost, match="no page of a run"):
        await RowCache(world, world.stores).rows(blobs_of(_KEY, ())[1])


async def test_a_range_whose_parents_are_lost_is_given_up_and_the_others_are_read(world: World) -> None:
    world.portal.page = 10
    world.plan = replace(
        world.plan,
        entities=(*world.plan.entities, Entity("member", extract_after=("group",), archive_only=True)),
    )
    world.portal = MembersPortal(world.portal)
    world.rewire()
    run = await world.start()
    while (await world.stores.ledger.entities(run.run_id)).get("member") is None:
        await world.tick(run)
        await world.deliver()
    pages = await world.stores.ledger.scan(run.run_id, entity="group", stage=Stage.EXTRACT)
    _lose(world, pages[1].blob or "", pages[1].raw_blob or "")
    world.rewire()
    await world.drive(run.run_id)
    (letter,) = [one for one in await world.stores.dead_letters.page(run.run_id) if one.entity == "member"]
    assert (letter.source_id, letter.reason) == ("range-1-page-0", "page.rows_lost")
    members = (await world.status(run.run_id))["entities"]["member"]
    assert members["extracted"] == 45 - pages[1].counts.extracted


@pytest.mark.parametrize("ids", [(), ("2:7", "2:9"), ("CRM_DEAL:UF/x", "a-b.json")], ids=["empty", "plain", "odd"])
def test_the_name_of_a_rows_blob_tells_its_page(ids: tuple[str, ...]) -> None:
    raw, rows = blobs_of(_KEY, [SourceRecord(one, {}) for one in ids])
    assert page_of(rows) == _KEY
    assert page_of(raw) is None
