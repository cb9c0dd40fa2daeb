"""Files are proven by the target's list, and a sample of them by their bytes."""

import hashlib
from dataclasses import replace
from typing import BinaryIO

import pytest

from shared.engine.job import Job
from shared.model.json import JsonObject
from shared.model.run import RunMode, RunOptions
from shared.schema.linked import links
from tests.unit.engine.whole_plan import PlanWorld, whole_plan

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
    plain = whole_plan(EACH)
    world = _FileWorld(plain.portal, plain.gateway, plain.stores, plain.clock, plain.pace, plain.plan)
    for number, row in world.portal.records["media_file"].items():
        content = b"x" * number
        row["checksum"] = hashlib.sha256(content).hexdigest()
        world.gateway.files[f"t-media_file-feed/{number}"] = content
    world.options = RunOptions(sample=1.0)
    await world.drive((await world.start()).run_id)
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


async def test_a_file_of_other_content_is_found_by_the_list_alone(world: _FileWorld) -> None:
    world.options = RunOptions(sample=0.0)
    world.gateway.records["media_file", "feed/2"].data["checksum"] = "0" * 64
    assert _found(await _proof(world)) == [("differs", "feed/2")]


async def test_a_file_that_is_listed_no_more_is_missing(world: _FileWorld) -> None:
    del world.gateway.records["media_file", "feed/2"]
    assert _found(await _proof(world)) == [("missing", "feed/2")]


async def test_a_file_that_nobody_brought_is_extra(world: _FileWorld) -> None:
    del world.portal.records["media_file"][3]
    (kind, source_id), *others = _found(await _proof(world))
    assert (kind, source_id, others) == ("extra", None, [])


async def test_a_picture_that_cannot_be_shown_is_as_the_source_has_it(world: _FileWorld) -> None:
    world.complaint = "UnidentifiedImageError"
    proof = await _proof(world)
    assert set(_found(proof)) == {("unopened", f"feed/{number}") for number in (1, 2, 3)}
    assert proof["state"] == "completed"
    assert proof["entities"]["media_file"]["verdict"] == "proven"
    assert {one["gate"]: one["result"] for one in proof["gates"]}["images"] == "failed"


async def test_a_list_of_files_that_is_refused_leaves_them_unverified(world: _FileWorld) -> None:
    world.gateway.closed = {"import.list"}
    proof = await _proof(world)
    assert proof["entities"]["media_file"]["verdict"] == "unverified"
    assert proof["entities"]["media_file"]["figures"]["unread"] == EACH
