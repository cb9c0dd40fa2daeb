"""Paging by offset, for the lists that cannot be filtered by id."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from connectors.bitrix24.families.people import DEPARTMENTS
from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.readers.offset import OffsetReader
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced

Reply = Callable[[int], JsonObject]


@dataclass
class Portal:
    """Answers by ``reply`` and remembers the offsets it was asked for."""

    reply: Reply
    starts: list[int] = field(default_factory=list)

    def answer(self, parameters: JsonObject) -> JsonObject:
        self.starts.append(parameters["start"])
        return self.reply(parameters["start"])


def departments(count: int, *, orm: bool = False) -> Reply:
    """The old kernel falls back to page 1 beyond the end; the newer one has an empty page there."""

    def reply(start: int) -> JsonObject:
        start = start if orm or start < count else 0
        rows: list[Json] = [{"ID": str(one)} for one in range(start + 1, min(start + PAGE, count) + 1)]
        more = {"next": start + PAGE} if start + PAGE < count else {}
        return {"result": rows, "total": count, **more}

    return reply


async def read_all(portal: Portal) -> list[int]:
    reader = OffsetReader(DEPARTMENTS, introduced(portal.answer))
    (following,) = (await reader.cut(8, NothingYet())).cursors
    ids: list[int] = []
    for _ in range(20):
        page = await reader.read(following, NothingYet())
        ids += [int(record.id) for record in page.records]
        if page.next is None:
            return ids
        following = page.next
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 230])
@pytest.mark.parametrize("orm", [False, True])
async def test_a_list_is_read_to_its_end(count: int, orm: bool) -> None:
    portal = Portal(departments(count, orm=orm))
    assert await read_all(portal) == list(range(1, count + 1))
    assert portal.starts == list(range(0, max(count, 1), PAGE))


async def test_a_row_that_moved_up_past_the_reader_is_found_when_the_list_is_read_again() -> None:
    ids = list(range(1, 121))

    def reply(start: int) -> JsonObject:
        if start == 50 and 7 in ids:
            ids.remove(7)  # so that row 51 is on the first page now
        rows = [{"ID": str(one)} for one in ids[start : start + PAGE]]
        more = {"next": start + PAGE} if start + PAGE < len(ids) else {}
        return {"result": rows, "total": len(ids), **more}

    assert sorted(await read_all(Portal(reply))) == list(range(1, 121))


async def test_a_list_that_never_holds_what_it_counts_is_read_a_few_times_only() -> None:
    honest = departments(60)
    portal = Portal(lambda start: {**honest(start), "total": 61})
    assert await read_all(portal) == list(range(1, 61))
    assert len(portal.starts) == 8


@pytest.mark.parametrize("orm", [False, True])
async def test_a_next_page_that_is_promised_and_not_there_ends_the_list(orm: bool) -> None:
    honest = departments(100, orm=orm)
    portal = Portal(lambda start: {**honest(start), "next": start + PAGE})
    assert await read_all(portal) == list(range(1, 101))


@pytest.mark.parametrize("following", [0, 50, -1])
async def test_an_offset_that_does_not_grow_ends_the_list(following: int) -> None:
    honest = departments(100)
    portal = Portal(lambda start: {**honest(start), "next": 50 if start == 0 else following})
    assert await read_all(portal) == list(range(1, 101))


async def test_an_offset_that_is_written_as_text_is_followed() -> None:
    honest = departments(51)
    portal = Portal(lambda start: {**honest(start), **({"next": "50"} if start == 0 else {})})
    assert await read_all(portal) == list(range(1, 52))


@pytest.mark.parametrize("result", [None, False, "", [{"NAME": "no id"}], [None]])
async def test_what_is_no_page_is_no_end(result: Json) -> None:
    with pytest.raises(RetryLater):
        await read_all(Portal(lambda _start: {"result": result}))
