"""Requeued records that were never read: their page is read again for them, and what follows them comes along."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.archive.again import Again
from shared.engine.dead_letters.requeueing import Selection
from shared.model.plan import Entity
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.model.run import RunState
from shared.ports.systems import Extracted


class Family:
    """Loses ``hidden`` users, and adds a ``member`` for each user on each page of users."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.hidden = {"99", "100"}
        self.read_of: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        if entity != "member":
            return await self.inner.cut(entity, ranges, extracted)
        return Cut(tuple({"page": page} for page in await extracted.pages("user")))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        self.read_of.append((entity, cursor))
        if entity == "member":
            parents = await extracted.rows(cursor["page"])
            return SourcePage(tuple(SourceRecord(f"m{one.id}", {}) for one in parents), (b"{}",), None, 1)
        page: SourcePage = await self.inner.read(entity, cursor, extracted)
        if entity != "user":
            return page
        lost = tuple(Lost(one.id, "source.denied", "no") for one in page.records if one.id in self.hidden)
        kept = tuple(one for one in page.records if one.id not in self.hidden)
        return replace(page, records=kept, lost=lost)

    def rows(self, entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        return self.inner.rows(entity, raw)


@pytest.fixture
def family(world):
    member = Entity("member", extract_after=("user",), archive_only=True)
    world.plan = replace(world.plan, entities=(*world.plan.entities, member))
    world.portal = Family(world.portal)
    world.rewire()
    return world


async def requeued(world: Any, run_id: str) -> Any:
    await world.requeueing.requeue(Selection(run_id=run_id), "tester", world.starter)
    world.portal.read_of.clear()
    return await world.drive(run_id)


async def ids(world: Any, run_id: str) -> dict[str, int]:
    """Attempts of the users' letters."""
    letters = await world.stores.dead_letters.page(run_id)
    return {one.source_id: one.attempts for one in letters if one.entity == "user"}


async def test_a_record_that_can_be_read_now_goes_in(family) -> None:
    run = await family.drive((await family.start()).run_id)
    assert await ids(family, run.run_id) == {"99": 1, "100": 1}
    family.portal.hidden = set()
    ended = await requeued(family, run.run_id)
    assert ended.state is RunState.COMPLETED
    assert (await family.counts(run.run_id, "imported"))["user"] == 130
    assert (await family.counts(run.run_id, "dead_lettered"))["user"] == 0


async def test_only_the_page_with_the_record_is_read_again(family) -> None:
    run = await family.drive((await family.start()).run_id)
    family.portal.hidden = {"100"}
    await requeued(family, run.run_id)
    assert [entity for entity, _ in family.portal.read_of] == ["user", "member"]
    assert (await family.counts(run.run_id, "extracted"))["user"] == 129
    assert await ids(family, run.run_id) == {"100": 2}


async def test_what_follows_the_record_is_read_for_it_alone(family) -> None:
    run = await family.drive((await family.start()).run_id)
    assert (await family.counts(run.run_id, "extracted"))["member"] == 128
    family.portal.hidden = set()
    await requeued(family, run.run_id)
    assert (await family.counts(run.run_id, "extracted"))["member"] == 130


async def test_a_record_that_stays_out_of_sight_can_be_requeued_again(family) -> None:
    run = await family.drive((await family.start()).run_id)
    for attempts in (2, 3):
        await requeued(family, run.run_id)
        assert await ids(family, run.run_id) == {"99": attempts, "100": attempts}
    family.portal.hidden = set()
    assert (await requeued(family, run.run_id)).state is RunState.COMPLETED


async def test_a_record_that_has_left_its_page_keeps_a_letter_that_says_so(family) -> None:
    run = await family.drive((await family.start()).run_id)
    family.portal.hidden = set()
    del family.portal.records["user"][99]
    await requeued(family, run.run_id)
    (letter,) = [one for one in await family.stores.dead_letters.page(run.run_id) if one.entity == "user"]
    assert (letter.source_id, letter.reason) == ("99", "source.not_found")


async def test_rows_of_a_page_that_was_read_again_are_made_again_from_its_raw_answers(family) -> None:
    run = await family.drive((await family.start()).run_id)
    family.portal.hidden = set()
    await requeued(family, run.run_id)
    pages = await family.stores.ledger.scan(run.run_id, entity="user")
    again = next(one for one in pages if one.cursor and Again.load(one.cursor))
    extracted = (await family.stores.archive.get(again.blob)).splitlines()
    family.stores.archive._blobs.pop(again.blob)
    family.rewire()
    assert [one.id for one in await family.extractor.rows.rows(again.blob)] == ["99", "100"]
    assert len(extracted) == 2
