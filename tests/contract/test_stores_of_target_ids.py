"""The id map: one suite for every storage backend."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.model.idmap import IdMapEntry, Origin, block_of
from shared.ports.stores import Stores

NOW = datetime(2026, 3, 1, 12, 30, 15, 250000, tzinfo=UTC)


def an_entry(source_id: str, target_id: str = "t") -> IdMapEntry:
    return IdMapEntry("user", source_id, target_id, "c" * 64, NOW, "run-1", "created", "0/i-1")


ODD_IDS = [
    "17",
    "017",
    "000000000017",
    "x0",
    "x",
    "x00",
    "999",
    "1000",
    "f12",
    "m12",
    "128:7",
    "a/b#c?d\\e",
    "ключ 5",
    "66e412fdc9bd44.36306599",
    "feed_post-4217-505",
    "feed_post-4217-n505",
    "feed_post-04217-n505",
    "user-17-picture",
]


async def test_the_id_map_finds_every_id_in_its_block(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry(source_id, f"t{source_id}") for source_id in ODD_IDS])
    for source_id in ODD_IDS:
        block = await idmap.block("user", block_of(source_id))
        assert block[source_id].target_id == f"t{source_id}"
        assert block[source_id].imported_at == NOW
    assert await idmap.block("group", "0") == {}


async def test_the_id_map_overwrites_and_takes_many(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry(str(n)) for n in range(900, 1250)])
    await idmap.write([an_entry("1001", "new")])
    assert len(await idmap.block("user", "0")) == 100
    assert (await idmap.block("user", "1"))["1001"].target_id == "new"


async def test_what_is_added_does_not_take_the_place_of_what_is_there(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry("1", "first")])
    await idmap.add([an_entry("1", "second"), an_entry("2", "new"), an_entry("2001", "new")])
    found = await idmap.find("user", dict.fromkeys(["1", "2", "2001"]))
    assert {one: entry.target_id for one, entry in found.items()} == {"1": "first", "2": "new", "2001": "new"}


async def test_the_id_map_keeps_what_a_record_was_made_of(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    origins = {"1": Origin("d1", ("department:9", "user:ключ 5")), "2": Origin("d2"), "3": None}
    await idmap.write([replace(an_entry(source_id), origin=origin) for source_id, origin in origins.items()])
    block = await idmap.block("user", "0")
    assert {source_id: entry.origin for source_id, entry in block.items()} == origins


async def test_records_are_found_without_those_between_them(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry(str(n)) for n in (7, 99, 100, 350, 999, 4000)])
    assert set(await idmap.find("user", dict.fromkeys(["350", "99", "8", "4000"]))) == {"99", "350", "4000"}
    assert await idmap.find("user", {"8": None}) == {}
    assert await idmap.find("user", {}) == {}


async def test_odd_ids_are_found_among_others_of_their_block(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry(source_id) for source_id in ODD_IDS])
    for source_id in ODD_IDS:
        assert set(await idmap.find("user", {source_id: None})) == {source_id}


async def test_records_lie_with_those_of_neighbouring_parents(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    entries = [replace(an_entry(str(n)), within=str(n % 7)) for n in (12, 34_567, 70_001, 99_999)]
    await idmap.write(entries)
    assert await idmap.block("user", block_of("12", "5")) == {entry.source_id: entry for entry in entries}


async def test_odd_ids_are_found_within_odd_parents(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    places = dict(zip(ODD_IDS, reversed(ODD_IDS), strict=True))
    await idmap.write([replace(an_entry(source_id), within=parent) for source_id, parent in places.items()])
    assert {key: entry.within for key, entry in (await idmap.find("user", places)).items()} == places


async def test_a_record_is_found_within_its_own_parent_only(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([replace(an_entry("17"), within="5")])
    assert await idmap.find("user", {"17": "6"}) == {}
    assert await idmap.find("user", {"17": None}) == {}


async def test_records_far_apart_are_found_in_a_block_of_many(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([replace(an_entry(str(n)), within=str(n % 3)) for n in range(3600)])
    wanted = {str(n): str(n % 3) for n in (0, 1, 3597, 3598, 3599)}
    assert set(await idmap.find("user", {**wanted, "3600": "0", "2": "1"})) == set(wanted)


async def test_plans_do_not_share_an_id_map(stores: Stores) -> None:
    await stores.idmaps.of("demo_plan").write([an_entry("1")])
    assert await stores.idmaps.of("other_plan").block("user", "0") == {}


async def test_what_is_removed_is_not_found_any_more(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    entries = [an_entry(str(n)) for n in range(950, 1250)]
    await idmap.write(entries)
    await idmap.remove(entries[:200])
    assert await idmap.block("user", "0") == {}
    assert set(await idmap.block("user", "1")) == {str(n) for n in range(1150, 1250)}


async def test_removing_what_is_not_there_removes_the_others_all_the_same(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    await idmap.write([an_entry("1"), an_entry("2"), an_entry("3")])
    await idmap.remove([an_entry("1"), an_entry("7"), an_entry("2")])
    await idmap.remove([an_entry("1")])
    assert set(await idmap.block("user", "0")) == {"3"}


async def test_a_record_is_removed_from_its_own_parent_only(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    lying = [replace(an_entry("17"), within="5"), replace(an_entry("17"), within="6")]
    await idmap.write(lying)
    await idmap.remove(lying[:1])
    assert await idmap.find("user", {"17": "5"}) == {}
    assert (await idmap.find("user", {"17": "6"}))["17"].within == "6"


async def test_entries_change_as_they_were_read(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    first, second, within = an_entry("1"), an_entry("2001"), replace(an_entry("3"), within="15")
    await idmap.write([first, second, within])
    await idmap.change([(first, None), (second, replace(second, altered=True)), (within, None)])
    assert await idmap.find("user", {"1": None, "2001": None, "3": "15"}) == {"2001": replace(second, altered=True)}


async def test_entries_that_somebody_wrote_since_they_were_read_do_not_change(stores: Stores) -> None:
    idmap = stores.idmaps.of("demo_plan")
    read, anew = [an_entry(one) for one in "123"], [an_entry(one, "new") for one in "12"]
    await idmap.write(anew)
    await idmap.change([(read[0], None), (read[1], replace(read[1], altered=True)), (read[2], None)])
    assert await idmap.find("user", dict.fromkeys("123")) == {one.source_id: one for one in anew}
