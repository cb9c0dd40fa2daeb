"""Blobs, dead letters, shared rows and queues: one suite for every storage backend."""

import uuid
from dataclasses import replace

import pytest

from shared.model.errors import Conflict
from shared.model.records import DeadLetter
from shared.ports.stores import Stores


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
    found = {one.source_id: one.attempts for one in await stores.dead_letters.page("run-1")}
    assert found == {"a/b 17": 2, "18": 1}
    await stores.dead_letters.remove("run-1", "user", ["a/b 17", "unknown"])
    assert [one.source_id for one in await stores.dead_letters.page()] == ["18"]


async def test_dead_letters_of_all_runs_are_counted(stores: Stores) -> None:
    letter = DeadLetter("run-1", "user", "17", "target.conflict", "taken", 1, None, "c1", "email")
    assert await stores.dead_letters.count() == 0
    await stores.dead_letters.add([letter, replace(letter, run_id="run-2"), replace(letter, source_id="18")])
    assert await stores.dead_letters.count() == 3


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


async def test_a_queue_that_is_cleared_is_empty(stores: Stores) -> None:
    queue = f"contract-{uuid.uuid4().hex[:8]}"
    await stores.queue.send(queue, ["one", "two"])
    await stores.queue.send(queue, ["later"], delay=60.0)
    await stores.queue.clear(queue)
    assert await stores.queue.length(queue) == 0
    await stores.queue.clear(queue)
