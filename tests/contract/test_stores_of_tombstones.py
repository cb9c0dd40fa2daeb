"""What every backend promises of tombstones, and of walking through the id map to find them."""

from datetime import UTC, datetime

from shared.model.idmap import IdMapEntry, Origin
from shared.model.tombstones import Fate, Tombstone
from shared.ports.stores import Stores

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _entry(source_id: str, entity: str = "task", within: str | None = None) -> IdMapEntry:
    origin = Origin("digest", ("user:7",))
    return IdMapEntry(entity, source_id, f"t{source_id}", "c" * 64, NOW, "run-1", "created", "0/i", origin, within)


def _tombstone(source_id: str, entity: str = "task") -> Tombstone:
    return Tombstone(_entry(source_id, entity), "run-2", NOW, "run-3", Fate.KEPT, "feed_post", "REFERENCED")


async def test_a_tombstone_comes_back_as_it_was_written(stores: Stores) -> None:
    await stores.tombstones.write("demo", [_tombstone("17")])
    assert await stores.tombstones.of("demo", "task") == [_tombstone("17")]


async def test_tombstones_of_other_plans_and_entities_are_apart(stores: Stores) -> None:
    await stores.tombstones.write("demo", [_tombstone("17"), _tombstone("17", "task_comment")])
    assert [one.entry.entity for one in await stores.tombstones.of("demo", "task")] == ["task"]
    assert await stores.tombstones.of("other", "task") == []


async def test_tombstones_come_by_the_number_of_their_records(stores: Stores) -> None:
    await stores.tombstones.write("demo", [_tombstone("100"), _tombstone("9"), _tombstone("31:7")])
    assert [one.source_id for one in await stores.tombstones.of("demo", "task")] == ["9", "100", "31:7"]


async def test_a_second_writing_replaces_the_first(stores: Stores) -> None:
    await stores.tombstones.write("demo", [Tombstone(_entry("17"), "run-2", NOW, "run-2")])
    await stores.tombstones.write("demo", [_tombstone("17")])
    assert [one.fate for one in await stores.tombstones.of("demo", "task")] == [Fate.KEPT]


async def test_who_came_back_has_no_tombstone(stores: Stores) -> None:
    await stores.tombstones.write("demo", [_tombstone("17"), _tombstone("18")])
    await stores.tombstones.remove("demo", "task", ["17", "404"])
    assert [one.source_id for one in await stores.tombstones.of("demo", "task")] == ["18"]


async def _scanned(stores: Stores, entity: str) -> list[str]:
    found, after = [], ""
    while True:
        page = await stores.idmaps.of("demo").scan(entity, after)
        assert len(page.entries) <= 1000
        found += [entry.source_id for entry in page.entries]
        if page.next is None:
            return found
        after = page.next


async def test_a_walk_through_the_id_map_meets_every_entry_once(stores: Stores) -> None:
    numbers = [str(number) for number in (*range(1, 1300), *range(5000, 5010), 1_234_567)]
    await stores.idmaps.of("demo").write([_entry(one) for one in numbers])
    assert sorted(await _scanned(stores, "task")) == sorted(numbers)


async def test_a_walk_meets_what_lies_by_its_parents(stores: Stores) -> None:
    lying = [_entry(str(number), "chat_message", within=str(number % 3 + 1)) for number in range(1, 2100)]
    await stores.idmaps.of("demo").write(lying)
    assert len(set(await _scanned(stores, "chat_message"))) == 2099


async def test_a_walk_keeps_to_its_entity(stores: Stores) -> None:
    await stores.idmaps.of("demo").write([_entry("1"), _entry("2", "task_comment", within="1"), _entry("3", "tas")])
    assert await _scanned(stores, "task") == ["1"]


async def test_a_walk_through_nothing_ends_at_once(stores: Stores) -> None:
    assert await _scanned(stores, "task") == []
