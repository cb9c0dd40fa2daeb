"""Files are proven by the target's list, and a sample of them by their bytes."""

import hashlib
from dataclasses import replace
from typing import BinaryIO

import pytest

from shared.engine.dead_letters.requeueing import Selection
from shared.engine.job import Job
from shared.engine.proof.reporting import parted
from shared.model.errors import RecordRejected, RetryLater
from shared.model.json import JsonObject
from shared.model.ledger import PageKey, PageRow, Stage
from shared.model.records import OutgoingItem, Receipt
from shared.model.run import RunMode, RunOptions
from shared.schema.linked import links
from tests.unit.engine.whole_plan import LOADED, PlanWorld, whole_plan

EACH = 3
FILES = ("media_file",)


class _FileWorld(PlanWorld):
    """The main plan with links, and somebody who opens files."""

    complaint: str | None = None

    def of(self, plan: str) -> Job:
        return replace(super().of(plan), links=links, opens=self._opened)

    def _opened(self, content: BinaryIO) -> str | None:
        assert content.tell() == 0
        return self.complaint


@pytest.fixture
async def world() -> _FileWorld:
    """Three files went in, and everything else of the plan."""
    return await _moved(EACH)


async def _moved(each: int) -> _FileWorld:
    world = _with_files(each)
    await world.drive((await world.start()).run_id)
    world.gateway.fetched.clear()
    return world


def _with_files(each: int) -> _FileWorld:
    """Nothing has happened yet; the target has the content of files that it gets."""
    plain = whole_plan(each)
    world = _FileWorld(plain.portal, plain.gateway, plain.stores, plain.clock, plain.pace, LOADED.plan)
    for number, row in world.portal.records["media_file"].items():
        content = b"x" * number
        row["checksum"] = hashlib.sha256(content).hexdigest()
        world.gateway.files[f"t-media_file-feed/{number}"] = content
    world.options = RunOptions(sample=1.0)
    return world


async def _proof(world: _FileWorld) -> JsonObject:
    run = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    return await world.proofs.of(run)


def _found(proof: JsonObject) -> list[tuple[str, str | None]]:
    return [(one["kind"], one["source_id"]) for one in proof["entities"]["media_file"]["findings"]]


async def test_everything_of_the_plan_is_proven_files_and_links_too(world: _FileWorld) -> None:
    proof = await _proof(world)
    assert {one["verdict"] for one in proof["entities"].values()} == {"proven"}
    figures = proof["entities"]["media_file"]["figures"]
    assert (figures["verified"], figures["listed"], figures["sampled"]) == (EACH, EACH, EACH)


async def test_bytes_that_were_changed_are_found_though_the_list_tells_the_old_checksum(world: _FileWorld) -> None:
    world.gateway.files["t-media_file-feed/2"] = b"yy"
    proof = await _proof(world)
    assert _found(proof) == [("differs", "feed/2")]
    assert {one["gate"]: one["result"] for one in proof["gates"]}["images"] == "failed"


async def test_a_file_that_is_damaged_on_the_way_is_looked_at_again(world: _FileWorld) -> None:
    whole = world.gateway.files["t-media_file-feed/2"]

    def once(_method: str, _items: object) -> None:
        seen = world.gateway.fetched["t-media_file-feed/2"]
        world.gateway.files["t-media_file-feed/2"] = whole if seen else whole[:1]

    world.gateway.before = once
    assert _found(await _proof(world)) == []
    assert world.gateway.fetched["t-media_file-feed/2"] == 2


async def test_a_file_that_the_target_says_is_gone_is_named_though_it_is_listed(world: _FileWorld) -> None:
    world.gateway.lost["t-media_file-feed/2"] = RecordRejected("media.gone", "HTTP 410")
    proof = await _proof(world)
    assert _found(proof) == [("missing", "feed/2")]
    assert proof["state"] == "completed_with_errors"
    assert world.gateway.fetched["t-media_file-feed/2"] == 1


async def test_a_file_that_never_comes_is_named_and_halts_nobody(world: _FileWorld) -> None:
    """After three tries; the others of the slice that do not come have one each."""
    for number in (1, 2):
        world.gateway.lost[f"t-media_file-feed/{number}"] = RetryLater("target.unreachable", "UNAVAILABLE")
    proof = await _proof(world)
    assert _found(proof) == [("unreadable", "feed/1"), ("unreadable", "feed/2")]
    files = proof["entities"]["media_file"]
    assert (files["verdict"], files["figures"]["unread"], files["figures"]["verified"]) == ("unverified", 2, 1)
    assert files["reasons"] == ["records could not be read back: target.file_unreadable"]
    assert {one["gate"]: one["result"] for one in proof["gates"]}["images"] == "failed"
    assert [world.gateway.fetched[f"t-media_file-feed/{number}"] for number in (1, 2)] == [3, 1]


async def test_a_target_that_is_out_is_waited_for_and_no_file_is_called_lost(world: _FileWorld) -> None:
    failed: list[str] = []

    def out(method: str, _items: object) -> None:
        if (method == "import.media.get" and not failed) or failed == ["import.media.get"]:
            failed.append(method)
            raise RetryLater("target.unreachable", "connection refused")

    world.gateway.before = out
    proof = await _proof(world)
    assert (_found(proof), proof["passed"]) == ([], True)
    assert failed == ["import.media.get", "capabilities"]


async def test_a_file_of_other_content_is_found_by_the_list_alone(world: _FileWorld) -> None:
    world.options = RunOptions(sample=0.0)
    world.gateway.records["media_file", "feed/2"].data["checksum"] = "0" * 64
    assert _found(await _proof(world)) == [("differs", "feed/2")]


async def test_a_file_that_is_listed_no_more_is_missing(world: _FileWorld) -> None:
    del world.gateway.records["media_file", "feed/2"]
    assert _found(await _proof(world)) == [("missing", "feed/2")]


async def test_a_file_that_nobody_brought_is_extra(world: _FileWorld) -> None:
    mine = world.gateway.records["media_file", "feed/3"]
    world.gateway.records["media_file", "feed/9"] = replace(mine, target_id="t-of-nobody")
    proof = await _proof(world)
    assert _found(proof) == [("extra", None)]
    assert proof["entities"]["media_file"]["verdict"] == "differs"


async def test_a_file_that_nothing_shows_any_more_is_told_and_holds_nothing_up(world: _FileWorld) -> None:
    """There is no way to delete it (contract §3)."""
    world.portal.records["media_file"].pop(2)
    proof = await _proof(world)
    assert [one["kind"] for one in proof["entities"]["media_file"]["findings"]] == ["extra"]
    assert proof["entities"]["media_file"]["verdict"] == "proven"
    assert {one["gate"]: one["result"] for one in proof["gates"]}["counts_match"] == "passed"


async def test_a_picture_that_cannot_be_shown_is_as_the_source_has_it(world: _FileWorld) -> None:
    world.complaint = "UnidentifiedImageError"
    proof = await _proof(world)
    assert set(_found(proof)) == {("unopened", f"feed/{number}") for number in (1, 2, 3)}
    assert proof["state"] == "completed_with_errors"
    assert proof["entities"]["media_file"]["verdict"] == "proven"
    assert {one["gate"]: one["result"] for one in proof["gates"]}["images"] == "failed"


async def test_a_list_of_files_that_is_refused_leaves_them_unverified(world: _FileWorld) -> None:
    world.gateway.closed = {"import.list"}
    proof = await _proof(world)
    assert proof["entities"]["media_file"]["verdict"] == "unverified"
    assert proof["entities"]["media_file"]["figures"]["unread"] == EACH


async def test_a_repair_sends_the_files_again_that_were_lost_or_spoiled(world: _FileWorld) -> None:
    spoiled, lost = "t-media_file-feed/2", "t-media_file-feed/3"
    world.gateway.files[spoiled], right = b"yy", world.gateway.files[spoiled]
    world.gateway.lost[lost] = RetryLater("target.unreachable", "UNAVAILABLE")
    await _proof(world)
    world.gateway.calls.clear()
    world.gateway.fetched.clear()
    world.gateway.files[spoiled] = right  # what a gateway does that is sent the file
    world.gateway.lost.clear()
    world.options = RunOptions(sample=0.0, repair=True)
    run = await world.drive((await world.start()).run_id)
    assert sorted(world.gateway.calls) == [("media_file", ["feed/2"]), ("media_file", ["feed/3"])]
    assert (await world.proofs.of(run))["passed"] is True
    assert {name for name, times in world.gateway.fetched.items() if times} >= {spoiled, lost}


def _images(proof: JsonObject) -> str:
    return str({one["gate"]: one["result"] for one in proof["gates"]}["images"])


async def test_the_gate_of_files_is_not_asked_when_the_run_opens_none(world: _FileWorld) -> None:
    world.options = RunOptions(sample=0.0)
    proof = await _proof(world)
    assert _images(proof) == "not_asked"
    assert proof["state"] == "completed"


async def test_however_small_the_sample_is_a_file_is_opened(world: _FileWorld) -> None:
    world.options = RunOptions(sample=1e-9)
    assert _images(await _proof(world)) == "passed"
    assert 0 < world.gateway.fetched.total() < EACH


async def test_where_there_are_no_files_there_are_none_to_open(world: _FileWorld) -> None:
    world.portal.records["media_file"].clear()
    world.gateway.records = {key: one for key, one in world.gateway.records.items() if key[0] != "media_file"}
    assert _images(await _proof(world)) == "passed"


async def test_a_delta_without_files_does_not_ask_about_them(world: _FileWorld) -> None:
    world.portal.records["media_file"].clear()
    run = await world.drive((await world.start(RunMode.DELTA, FILES)).run_id)
    assert _images(await world.proofs.of(run)) == "not_asked"


async def _read_back(world: _FileWorld) -> tuple[JsonObject, list[PageRow]]:
    run = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    rows = await world.stores.ledger.scan(run.run_id, entity="media_file", stage=Stage.VERIFY)
    return await world.proofs.of(run), rows


def _slow(world: _FileWorld, seconds: float) -> None:
    """Files take so long to fetch; a message may work for five seconds."""

    def slow(method: str, _items: object) -> None:
        if method == "import.media.get":
            world.clock.offset += seconds

    world.gateway.before = slow
    world.pace = replace(world.pace, worker_seconds=5.0)
    world.rewire()


async def test_files_that_take_long_are_looked_at_in_several_rows_each_once(world: _FileWorld) -> None:
    _slow(world, 6)
    proof, rows = await _read_back(world)
    assert [(row.cursor or {})["count"] for row in rows] == [1] * EACH
    assert set(world.gateway.fetched.values()) == {1}
    figures = proof["entities"]["media_file"]["figures"]
    assert (figures["verified"], figures["sampled"], _found(proof), proof["passed"]) == (EACH, EACH, [], True)


async def test_what_is_missing_of_files_that_take_long_is_told_once() -> None:
    """The first of two slices is of the files 1 to 5; there is time for two of them, and 4 was not imported."""
    world = await _moved(8)
    _slow(world, 4)
    idmap = world.stores.idmaps.of(world.plan.name)
    await idmap.remove(list((await idmap.find("media_file", {"feed/4": None})).values()))
    del world.gateway.records["media_file", "feed/4"]
    world.gateway.lost["t-media_file-feed/3"] = RecordRejected("media.gone", "HTTP 410")
    proof, rows = await _read_back(world)
    counts = [(row.counts.verified, row.counts.missing) for row in rows if row.key.range_no == 0]
    assert counts == [(2, 0), (1, 2)]
    assert sorted(_found(proof)) == [("missing", "feed/3"), ("missing", "feed/4")]


async def test_files_that_take_long_are_counted_once_when_work_is_added_to_the_run() -> None:
    world = _with_files(8)
    _slow(world, 4)

    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        wrong = (entity, item.source_id) == ("media_file", "feed/8")
        return Receipt("feed/8", "failed", code="VALIDATION", reason="no") if wrong else None

    world.gateway.refuse = refuse
    world.options = RunOptions(sample=1.0, failure_threshold=1.0)
    run = await world.drive((await world.start()).run_id)
    world.gateway.refuse = lambda _entity, _item: None
    await world.requeueing.requeue(Selection((), run_id=run.run_id), "tester", world.starter)
    proof = await world.proofs.of(await world.drive(run.run_id))
    rows = await world.stores.ledger.scan(run.run_id, entity="media_file", stage=Stage.VERIFY)
    assert len({(row.cursor or {})["of"] for row in rows}) == 2
    figures = proof["entities"]["media_file"]["figures"]
    assert (figures["verified"], figures["sampled"]) == (8, 8)
    assert {one["gate"]: one["result"] for one in proof["gates"]}["counts_match"] == "passed"


def test_what_is_parted_anew_after_more_work_has_rows_of_its_own() -> None:
    key = PageKey("run-1", "media_file", 0, Stage.VERIFY, 0, 2)
    slices = [PageRow(key, cursor={"start": 2000, "count": 500, "of": of}) for of in (7, 8)]
    others = [parted(one, 300)[1] for one in slices]
    again = parted(others[0], 100)[1]
    assert [one.cursor for one in (others[0], again)] == [
        {"start": 2300, "count": 200, "of": 7},
        {"start": 2400, "count": 100, "of": 7},
    ]
    assert len({one.key for one in (*slices, *others, again)}) == 4
    assert PageKey.at("run-1", "media_file", again.key.place) == again.key
