"""One suite for every storage backend."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.model.errors import Conflict
from shared.model.idmap import IdMapEntry, Origin, block_of
from shared.model.ledger import Counts, EntityRow, PageKey, PageRow, PageState, Stage
from shared.model.records import DeadLetter
from shared.model.run import Run, RunMode, RunOptions, RunState
from shared.ports.stores import Stores

NOW = datetime(2026, 3, 1, 12, 30, 15, 250000, tzinfo=UTC)


def a_run(run_id: str = "run-1", **changes: Any) -> Run:
    run = Run(
        run_id,
        "demo_plan",
        RunMode.FULL,
        RunState.QUEUED,
        1,
        ("user", "group"),
        NOW,
        "Иван <ivan@example.com>",
        "digest",
        options=RunOptions(failure_threshold=0.5),
    )
    return replace(run, **changes)


def a_page(
    seq: int = 0, *, range_no: int = 0, entity: str = "user", stage: Stage = Stage.EXTRACT, part: int = 0
) -> PageRow:
    return PageRow(PageKey("run-1", entity, range_no, stage, seq, part), cursor={"after": seq, "upto": None})


def an_entry(source_id: str, target_id: str = "t") -> IdMapEntry:
    return IdMapEntry("user", source_id, target_id, "c" * 64, NOW, "run-1", "created", "0/i-1")


async def test_a_run_comes_back_as_it_was_written(stores: Stores) -> None:
    written = await stores.runs.insert(a_run(since=NOW, actions=({"action": "pause", "by": "я"},)))
    assert await stores.runs.get("run-1") == written
    assert written.etag


async def test_an_unknown_run_is_none(stores: Stores) -> None:
    assert await stores.runs.get("nothing/like?this#") is None


async def test_a_run_id_is_taken_once(stores: Stores) -> None:
    await stores.runs.insert(a_run())
    with pytest.raises(Conflict):
        await stores.runs.insert(a_run())


async def test_only_the_first_of_two_writers_changes_a_run(stores: Stores) -> None:
    read = await stores.runs.insert(a_run())
    paused = await stores.runs.replace(replace(read, state=RunState.PAUSED))
    with pytest.raises(Conflict):
        await stores.runs.replace(replace(read, state=RunState.CANCELLED))
    assert (await stores.runs.replace(replace(paused, epoch=2))).epoch == 2


async def test_runs_are_listed_newest_first_and_filtered(stores: Stores) -> None:
    await stores.runs.insert(a_run("run-1"))
    await stores.runs.insert(a_run("run-2", started_at=NOW.replace(hour=13), state=RunState.COMPLETED))
    await stores.runs.insert(a_run("run-3", plan="other"))
    assert [run.run_id for run in await stores.runs.list(plan="demo_plan")] == ["run-2", "run-1"]
    assert [run.run_id for run in await stores.runs.list(state="completed")] == ["run-2"]


async def test_a_lock_is_held_by_one_run_and_given_back_only_by_it(stores: Stores) -> None:
    await stores.runs.lock("demo_plan", "run-1")
    with pytest.raises(Conflict):
        await stores.runs.lock("demo_plan", "run-2")
    await stores.runs.unlock("demo_plan", "run-2")
    assert await stores.runs.lock_holder("demo_plan") == "run-1"
    await stores.runs.unlock("demo_plan", "run-1")
    assert await stores.runs.lock_holder("demo_plan") is None


async def test_a_binding_is_made_once_and_repeated_freely(stores: Stores) -> None:
    assert await stores.runs.binding("demo_plan") is None
    await stores.runs.bind("demo_plan", "portal", "store")
    await stores.runs.bind("demo_plan", "portal", "store")
    with pytest.raises(Conflict):
        await stores.runs.bind("demo_plan", "portal", "another")
    assert await stores.runs.binding("demo_plan") == ("portal", "store")


async def test_a_page_comes_back_as_it_was_written(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    row = await stores.ledger.get(a_page().key)
    assert row is not None
    assert replace(row, etag=None) == a_page()


async def test_inserting_a_page_again_changes_nothing(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    row = await stores.ledger.get(a_page().key)
    assert row is not None
    await stores.ledger.commit(replace(row, state=PageState.DONE, counts=Counts(extracted=3)))
    await stores.ledger.insert([a_page(), a_page(1)])
    assert [one.state for one in await stores.ledger.scan("run-1")] == [PageState.DONE, PageState.PENDING]


async def test_many_pages_are_inserted_at_once(stores: Stores) -> None:
    await stores.ledger.insert([a_page(n, range_no=n % 2) for n in range(250)])
    assert len(await stores.ledger.scan("run-1")) == 250


async def test_a_page_and_what_follows_commit_together(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    row = await stores.ledger.get(a_page().key)
    assert row is not None
    follow = [a_page(1), *(a_page(0, stage=Stage.IMPORT, part=n) for n in range(3))]
    await stores.ledger.commit(replace(row, state=PageState.DONE), follow)
    pending = await stores.ledger.pending_page("run-1", "user", 0)
    assert pending is not None
    assert pending.key == a_page(1).key
    assert len(await stores.ledger.scan("run-1", stage=Stage.IMPORT)) == 3


async def test_who_completes_a_page_second_leaves_no_trace(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    row = await stores.ledger.get(a_page().key)
    assert row is not None
    await stores.ledger.commit(replace(row, state=PageState.DONE, blob="first"), [a_page(1)])
    with pytest.raises(Conflict):
        await stores.ledger.commit(replace(row, state=PageState.DONE, blob="second"), [a_page(7)])
    assert [(one.key.seq, one.blob) for one in await stores.ledger.scan("run-1")] == [(0, "first"), (1, None)]


async def test_a_row_is_updated_by_one_writer_at_a_time(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    row = await stores.ledger.get(a_page().key)
    assert row is not None
    noted = replace(row, calls={"user.get ok": 2}, undecided={"UF_X": 3})
    held = await stores.ledger.update(replace(noted, held_by="w1", held_until=9.5))
    with pytest.raises(Conflict):
        await stores.ledger.update(replace(row, held_by="w2"))
    again = await stores.ledger.update(replace(held, solo=True, enqueued_by=3))
    assert await stores.ledger.get(a_page().key) == again


async def test_marking_a_row_that_does_not_exist_does_nothing(stores: Stores) -> None:
    await stores.ledger.insert([a_page()])
    read = await stores.ledger.get(a_page().key)
    assert read is not None
    lost = replace(read, key=replace(read.key, seq=9), enqueued_at=1.0)
    await stores.ledger.mark([lost])
    with pytest.raises(Conflict):
        await stores.ledger.update(lost)
    assert await stores.ledger.get(lost.key) is None


async def test_a_scan_keeps_to_its_run_entity_and_stage(stores: Stores) -> None:
    other = replace(a_page(), key=replace(a_page().key, run_id="run-10"))
    await stores.ledger.insert([a_page(1), a_page(0), a_page(entity="user_group"), other])
    assert [row.key.seq for row in await stores.ledger.scan("run-1", entity="user")] == [0, 1]
    assert await stores.ledger.scan("run-1", stage=Stage.PATCH) == []


async def test_a_range_without_pending_pages_has_none(stores: Stores) -> None:
    await stores.ledger.insert([a_page(0, stage=Stage.IMPORT)])
    assert await stores.ledger.pending_page("run-1", "user", 0) is None


async def test_a_mark_never_brings_a_finished_page_back(stores: Stores) -> None:
    await stores.ledger.insert([a_page(0), a_page(1)])
    first, second = await stores.ledger.scan("run-1")
    await stores.ledger.commit(replace(first, state=PageState.DONE))
    await stores.ledger.mark([replace(row, enqueued_at=5.0, not_before=7.5) for row in (first, second)])
    done, marked = await stores.ledger.scan("run-1")
    assert (done.state, done.enqueued_at) == (PageState.DONE, None)
    assert (marked.state, marked.enqueued_at, marked.not_before) == (PageState.PENDING, 5.0, 7.5)


async def test_progress_of_an_entity_is_written_by_one_writer_at_a_time(stores: Stores) -> None:
    first = await stores.ledger.put_entity(EntityRow("run-1", "user", cut="cuts/x"))
    with pytest.raises(Conflict):
        await stores.ledger.put_entity(EntityRow("run-1", "user", ranges=9))
    second = await stores.ledger.put_entity(replace(first, ranges=3, import_open=True, message="заперто"))
    with pytest.raises(Conflict):
        await stores.ledger.put_entity(replace(first, ranges=4))
    assert await stores.ledger.entities("run-1") == {"user": second}
    assert await stores.ledger.entities("run-2") == {}


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


async def test_a_blob_comes_back_whole(stores: Stores) -> None:
    content = ("строка 😀\n" * 60_000).encode()
    await stores.archive.put("rows/run-1/user/1-9.json", b"old")
    await stores.archive.put("rows/run-1/user/1-9.json", content)
    assert await stores.archive.get("rows/run-1/user/1-9.json") == content


async def test_a_missing_blob_is_a_key_error(stores: Stores) -> None:
    await stores.archive.put("rows/run-1/user/00000-0000000-1-9-abc.json", b"")
    for missing in ("rows/run-1/user/00000-0000000-1-9-abd.json", "rows/run-1/user/00000", "nocontainer/x"):
        with pytest.raises(KeyError):
            await stores.archive.get(missing)
    assert await stores.archive.names("nocontainer/x") == []


async def test_blob_names_are_listed_by_prefix(stores: Stores) -> None:
    run = f"run-{id(stores)}"
    for name in (f"raw/{run}/b", f"raw/{run}/a", f"raw/{run}0/c"):
        await stores.archive.put(name, b"{}")
    assert await stores.archive.names(f"raw/{run}/") == [f"raw/{run}/a", f"raw/{run}/b"]


async def test_dead_letters_are_reconciled_by_record(stores: Stores) -> None:
    letter = DeadLetter("run-1", "user", "a/b 17", "target.conflict", "taken", 1, None, "c1", "email")
    await stores.dead_letters.add([letter])
    await stores.dead_letters.add([replace(letter, attempts=2), replace(letter, source_id="18")])
    found = {one.source_id: one.attempts for one in await stores.dead_letters.list("run-1")}
    assert found == {"a/b 17": 2, "18": 1}
    await stores.dead_letters.remove("run-1", "user", ["a/b 17", "unknown"])
    assert [one.source_id for one in await stores.dead_letters.list()] == ["18"]


async def test_shared_rows_are_changed_by_one_writer_at_a_time(stores: Stores) -> None:
    missing = await stores.shared.read("budget", "source:portal:443/rate")
    assert (missing.value, missing.etag) == (None, None)
    await stores.shared.write("budget", "source:portal:443/rate", {"tokens": 1.5}, None)
    with pytest.raises(Conflict):
        await stores.shared.write("budget", "source:portal:443/rate", {"tokens": 9}, None)
    read = await stores.shared.read("budget", "source:portal:443/rate")
    assert read.value == {"tokens": 1.5}
    now = await stores.shared.write("budget", "source:portal:443/rate", {"tokens": 2}, read.etag)
    with pytest.raises(Conflict):
        await stores.shared.write("budget", "source:portal:443/rate", {"tokens": 3}, read.etag)
    assert now >= read.now >= missing.now
    assert (await stores.shared.read("budget", "source:portal:443/rate")).value == {"tokens": 2}


async def test_a_shared_row_can_be_removed_twice(stores: Stores) -> None:
    await stores.shared.write("outage", "x", {}, None)
    await stores.shared.delete("outage", "x")
    await stores.shared.delete("outage", "x")
    assert (await stores.shared.read("outage", "x")).value is None


async def test_a_queue_tells_how_many_messages_are_in_it(stores: Stores) -> None:
    queue = f"contract-{uuid.uuid4().hex[:8]}"
    assert await stores.queue.length(queue) == 0
    await stores.queue.send(queue, ["one", "two"])
    await stores.queue.send(queue, ["later"], delay=60.0)
    assert await stores.queue.length(queue) == 3
