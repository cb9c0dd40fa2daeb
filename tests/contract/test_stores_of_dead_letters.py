"""Dead letters page by page and by their places: one suite for every storage backend."""

from dataclasses import replace

from shared.engine.letters import letters_of
from shared.model.records import DeadLetter
from shared.ports.stores import Stores

LETTER = DeadLetter("run-2", "user", "17", "target.conflict", "taken", 1, None, "c1", "email")


async def _three_runs(stores: Stores) -> None:
    places = [("run-1", "user", "9"), ("run-1", "user", "10"), ("run-1", "user_group", "1"), ("run-1", "user", "a/b 1")]
    places += [("run-2", "group", "5"), ("run-3", "chat", "disk?#7"), ("run-3", "user", "1")]
    await stores.dead_letters.add(
        [replace(LETTER, run_id=run_id, entity=entity, source_id=one) for run_id, entity, one in places]
    )


async def test_pages_join_to_all_letters_in_order(stores: Stores) -> None:
    await _three_runs(stores)
    whole = [one.place for one in await stores.dead_letters.page()]
    for size in (1, 2, 3, 7):
        found, page = [], await stores.dead_letters.page(size=size)
        while page:
            assert len(page) <= size
            found += [one.place for one in page]
            page = await stores.dead_letters.page(after=page[-1].place, size=size)
        assert found == whole
    assert [place[0] for place in whole] == ["run-1"] * 4 + ["run-2"] + ["run-3"] * 2


async def test_numbers_are_in_the_order_of_their_size(stores: Stores) -> None:
    await _three_runs(stores)
    assert [one.source_id for one in await stores.dead_letters.page("run-1", size=2)] == ["9", "10"]


async def test_a_page_of_one_run_has_no_letters_of_others(stores: Stores) -> None:
    await _three_runs(stores)
    behind = await stores.dead_letters.page("run-1", after=("run-1", "user", "10"))
    assert {one.place for one in behind} == {("run-1", "user", "a/b 1"), ("run-1", "user_group", "1")}
    assert await stores.dead_letters.page("run-1", after=("run-2", "group", "5")) == []
    assert len(await stores.dead_letters.page("run-3", after=("run-2", "group", "5"))) == 2


async def test_letters_are_found_by_their_places(stores: Stores) -> None:
    await _three_runs(stores)
    wanted = [("run-1", "user", "a/b 1"), ("run-1", "user", "11"), ("run-3", "user", "1"), ("run-9", "user", "1")]
    assert {one.place for one in await stores.dead_letters.find(wanted)} == {wanted[0], wanted[2]}


async def test_very_many_letters_are_gone_through_once_each(stores: Stores) -> None:
    await stores.dead_letters.add([replace(LETTER, source_id=str(number)) for number in range(1, 2_501)])
    found = [int(one.source_id) async for one in letters_of(stores.dead_letters, "run-2")]
    assert found == list(range(1, 2_501))
