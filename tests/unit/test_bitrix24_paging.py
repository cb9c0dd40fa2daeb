"""Paging over a portal whose records come and go while they are read, and whose batches are answered in part."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bitrix24.families.people import GROUPS, USERS
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import SourcePage
from tests.unit.bitrix24_stand_in import Happening, NothingYet, Portal, introduced


def reader_of(portal: Portal, listing: Listing = USERS) -> KeysetReader:
    return KeysetReader(listing, introduced(portal.answer))


async def read_all(reader: KeysetReader, cursor: JsonObject, most: int = 150) -> list[int]:
    """The ids of a range, page after page; a page that fails for a passing reason is read again."""
    ids: list[int] = []
    following: JsonObject | None = cursor
    for _ in range(most):
        try:
            page = await reader.read(following or {}, NothingYet())
        except RetryLater:
            continue
        ids += [int(record.id) for record in page.records]
        following = page.next
        if following is None:
            return ids
    raise AssertionError("the range does not end")


async def read_entity(portal: Portal, ranges: int = 4) -> list[tuple[JsonObject, list[int]]]:
    reader = reader_of(portal)
    for _ in range(100):
        try:
            cut = await reader.cut(ranges, NothingYet())
        except RetryLater:
            continue
        return [(cursor, await read_all(reader, cursor)) for cursor in cut.cursors]
    raise AssertionError("the portal is never cut")


def scattered(count: int, span: int, seed: int) -> set[int]:
    """So many ids between 1 and ``span``."""
    return set(random.Random(seed).sample(range(1, span + 1), min(count, span)))


IDS = st.builds(scattered, st.integers(0, 700), st.sampled_from([50, 300, 700, 5_000, 9_000]), st.integers(0, 10_000))


def restless(chance: random.Random, wrongs: list[str], kept: set[int]) -> Happening:
    """Records come and go before every command, and some commands go wrong; ``kept`` are those that stayed."""

    def happen(portal: Portal, _key: str) -> str | None:
        if chance.random() < 0.3 and portal.ids:
            leaving = chance.choice(sorted(portal.ids))
            portal.ids.discard(leaving)
            kept.discard(leaving)
        if chance.random() < 0.3:
            portal.ids.add(chance.randint(1, 12_000))
        return chance.choice(wrongs) if wrongs and chance.random() < 0.1 else None

    return happen


@settings(max_examples=100)
@given(IDS, st.integers(1, 8), st.integers(0, 10_000))
def test_nothing_that_stays_is_missed_while_records_come_and_go(ids: set[int], ranges: int, seed: int) -> None:
    kept = set(ids)
    portal = Portal(set(ids), restless(random.Random(seed), [], kept))
    read = asyncio.run(read_entity(portal, ranges))
    _holds(read, kept)


@settings(max_examples=100)
@given(IDS, st.integers(1, 8), st.integers(0, 10_000))
def test_nothing_that_stays_is_missed_when_commands_go_wrong(ids: set[int], ranges: int, seed: int) -> None:
    kept = set(ids)
    wrongs = ["left out", "stumbles", "withheld", "null"]
    portal = Portal(set(ids), restless(random.Random(seed), wrongs, kept))
    read = asyncio.run(read_entity(portal, ranges))
    _holds(read, kept)


def _holds(read: list[tuple[JsonObject, list[int]]], kept: set[int]) -> None:
    """All that stayed was read, each id once, and in the range it belongs to."""
    found = [one for _, ids in read for one in ids]
    assert kept <= set(found)
    assert len(found) == len(set(found))
    for cursor, ids in read:
        assert all(cursor["after"] < one <= (cursor["upto"] or 10**9) for one in ids)


@settings(max_examples=40)
@given(IDS, st.integers(0, 9_000), st.integers(0, 3_000) | st.none(), st.integers(1, 60))
def test_a_range_holds_what_lies_between_its_bounds(ids: set[int], after: int, width: int | None, pages: int) -> None:
    upto = None if width is None else after + width
    cursor = {"after": after, "upto": upto, "pages": pages}
    wanted = sorted(one for one in ids if after < one and (upto is None or one <= upto))
    assert asyncio.run(read_all(reader_of(Portal(ids)), cursor)) == wanted


@settings(max_examples=40)
@given(IDS, st.integers(1, 16))
def test_ranges_meet_without_gap_or_overlap(ids: set[int], ranges: int) -> None:
    cursors = asyncio.run(reader_of(Portal(ids)).cut(ranges, NothingYet())).cursors
    assert len(cursors) <= ranges
    assert [one["upto"] for one in cursors] == [one["after"] for one in cursors[1:]] + [None] * bool(cursors)
    if cursors:
        assert cursors[0]["after"] < min(ids)


async def _read(portal: Portal, after: int = 0, upto: int | None = None, listing: Listing = USERS) -> SourcePage:
    return await reader_of(portal, listing).read({"after": after, "upto": upto, "pages": 5}, NothingYet())


def going_wrong(wrongs: dict[str, str]) -> Happening:
    """By key of the command, each time."""
    return lambda _portal, key: wrongs.get(key)


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 249])
async def test_a_portal_of_a_few_pages_is_read_in_one_call(count: int) -> None:
    portal = Portal(set(range(1, count + 1)))
    page = await _read(portal)
    assert (len(page.records), page.next, len(portal.batches)) == (count, None, 1)


async def test_a_chain_that_is_full_to_its_end_goes_on_from_its_last_id() -> None:
    page = await _read(Portal(set(range(1, 1_000))))
    assert len(page.records) == 250
    assert page.next is not None
    assert page.next["after"] == 250


@pytest.mark.parametrize("wrong", ["left out", "stumbles"])
async def test_a_page_that_is_missing_is_read_next(wrong: str) -> None:
    page = await _read(Portal(set(range(1, 500)), going_wrong({"p02": wrong})))
    assert [int(record.id) for record in page.records] == list(range(1, 101))
    assert page.next is not None
    assert page.next["after"] == 100


@pytest.mark.parametrize("wrong", ["left out", "stumbles", "null"])
async def test_a_first_page_that_is_missing_is_no_end(wrong: str) -> None:
    with pytest.raises(RetryLater):
        await _read(Portal(set(range(1, 500)), going_wrong({"p00": wrong})))


async def test_a_page_that_is_not_full_is_no_end_when_ids_lie_beyond() -> None:
    page = await _read(Portal(set(range(1, 150)), going_wrong({"p01": "withheld"})))
    assert page.next is not None
    assert int(page.records[-1].id) == page.next["after"] < 100


@pytest.mark.parametrize("wrong", ["left out", "stumbles"])
async def test_a_page_that_is_not_full_is_no_end_when_the_probe_fails(wrong: str) -> None:
    page = await _read(Portal({1, 2, 3}, going_wrong({"tail": wrong})))
    assert page.next is not None
    assert page.next["after"] == 3


async def test_an_error_after_the_end_does_no_harm() -> None:
    page = await _read(Portal({1, 2, 3}, going_wrong({"p01": "gone", "p02": "stumbles"})))
    assert ([int(record.id) for record in page.records], page.next) == ([1, 2, 3], None)


async def test_an_empty_range_is_over_whatever_becomes_of_its_other_commands() -> None:
    page = await _read(Portal(set(), going_wrong({"p01": "gone", "tail": "stumbles"})))
    assert (page.records, page.next) == ((), None)


async def test_a_range_whose_last_id_was_read_is_over_whatever_becomes_of_the_probe() -> None:
    portal = Portal(set(range(1, 300)), going_wrong({"tail": "stumbles"}))
    page = await reader_of(portal).read({"after": 0, "upto": 250, "pages": 5}, NothingYet())
    assert (len(page.records), page.next) == (250, None)


async def test_a_chain_that_cannot_reach_the_end_does_not_probe_for_it() -> None:
    portal = Portal(set(range(1, 5_000)))
    await _read(portal, upto=4_000)
    assert list(portal.batches[0]) == ["p00", "p01", "p02", "p03", "p04"]


@pytest.mark.parametrize("pages", [1, 10, 49, 50, 1_000])
async def test_a_call_has_at_most_fifty_commands(pages: int) -> None:
    portal = Portal(set(range(1, 6_000)))
    await reader_of(portal).read({"after": 0, "upto": None, "pages": pages}, NothingYet())
    assert len(portal.batches[0]) <= 50


async def test_a_call_that_was_too_heavy_is_made_lighter_down_to_one_page() -> None:
    portal = Portal(set(range(1, 600)))
    reader = reader_of(portal)
    sizes = []
    for _ in range(5):
        portal.happening = _overloaded
        with pytest.raises(RetryLater):
            await reader.read({"after": 0, "upto": None, "pages": 8}, NothingYet())
        sizes.append(len(portal.batches[-1]))
    assert sizes == [9, 5, 3, 1, 1]


async def test_a_range_that_begins_goes_at_the_pace_that_was_found_in_another_one() -> None:
    portal = Portal(set(range(1, 9_000)))
    reader = reader_of(portal)
    for after in (0, 4_000):
        await reader.read({"after": after, "upto": after + 4_000, "pages": 8}, NothingYet())
    assert [len(batch) for batch in portal.batches] == [8, 16]


def _overloaded(_portal: Portal, _key: str) -> str | None:
    raise RetryLater("source.unreachable", "ReadTimeout")


async def test_an_empty_portal_has_no_ranges() -> None:
    assert (await reader_of(Portal(set())).cut(8, NothingYet())).cursors == ()


@pytest.mark.parametrize("key", ["lowest", "highest"])
@pytest.mark.parametrize("wrong", ["left out", "stumbles", "null"])
async def test_a_portal_whose_bounds_are_not_told_is_not_taken_for_empty(key: str, wrong: str) -> None:
    with pytest.raises(RetryLater):
        await reader_of(Portal({1, 2, 3}, going_wrong({key: wrong}))).cut(8, NothingYet())


def failing_once(*keys: str) -> Happening:
    left = list(keys)

    def happen(_portal: Portal, key: str) -> str | None:
        if key not in left:
            return None
        left.remove(key)
        return "stumbles" if len(left) % 2 else "left out"

    return happen


async def test_of_the_details_only_those_that_failed_are_asked_for_again() -> None:
    portal = Portal(set(range(1, 121)), failing_once("d0_3", "d0_50", "d0_120"))
    page = await _read(portal, listing=GROUPS)
    assert [record.data["members"] for record in page.records] == [
        [{"USER_ID": r.id, "ROLE": "A"}] for r in page.records
    ]
    assert [len(batch) for batch in portal.batches[1:]] == [50, 50, 22, 1]
    assert list(portal.batches[2])[:2] == ["d0_3", "d0_50"]
    assert page.calls == len(page.raw) == len(portal.batches)


async def test_details_that_are_refused_do_not_pass_for_empty() -> None:
    page = await _read(Portal({1, 2}, going_wrong({"d0_2": "gone"})), listing=GROUPS)
    told, refused = (record.data for record in page.records)
    assert refused == {"ID": "2", "members": [], "unread": ["members"]}
    assert "unread" not in told
    assert page.coverage == {"members_unread": 1}


async def test_details_that_came_at_last_are_not_unread() -> None:
    page = await _read(Portal({1, 2, 3}, failing_once("d0_2", "d0_3")), listing=GROUPS)
    assert page.coverage == {"members_unread": 0}
    assert not [record.id for record in page.records if "unread" in record.data]


async def test_details_that_are_empty_are_read() -> None:
    page = await _read(Portal({1}, going_wrong({"d0_1": "null"})), listing=GROUPS)
    assert page.records[0].data == {"ID": "1", "members": []}


@pytest.mark.parametrize("wrong", ["left out", "stumbles"])
async def test_details_that_keep_failing_do_not_pass_for_empty(wrong: str) -> None:
    portal = Portal({1, 2, 3}, going_wrong({"d0_2": wrong}))
    with pytest.raises(RetryLater):
        await _read(portal, listing=GROUPS)
    assert [list(batch) for batch in portal.batches[1:]] == [["d0_1", "d0_2", "d0_3"], ["d0_2"]]
