"""The ledger of pages and entities: one suite for every storage backend."""

from dataclasses import replace

import pytest

from shared.model.errors import Conflict
from shared.model.ledger import Counts, EntityRow, PageKey, PageRow, PageState, Stage
from shared.ports.stores import Stores


def a_page(
    seq: int = 0, *, range_no: int = 0, entity: str = "user", stage: Stage = Stage.EXTRACT, part: int = 0
) -> PageRow:
    return PageRow(PageKey("run-1", entity, range_no, stage, seq, part), cursor={"after": seq, "upto": None})


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
    noted = replace(row, calls={"user.get ok": 2}, undecided={"UF_X": 3}, ids_digest="ab", seal="cd")
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
