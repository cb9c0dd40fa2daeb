"""How target ids are found, and what that costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from shared.engine.importing.lookup import BlockCache, Moment, Own, References
from shared.model.idmap import IdMapEntry
from shared.model.ledger import Stage
from shared.model.run import Run, RunMode, RunState
from shared.storage.memory.rows import MemoryIdMap, MemoryIdMaps
from shared.transform.references import Pending

TURN = Moment(Stage.IMPORT)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class CountedIdMap(MemoryIdMap):
    """Notes what was asked."""

    asked: list[str] = field(default_factory=list)

    async def block(self, entity: str, block: str) -> dict[str, IdMapEntry]:
        self.asked.append(f"{entity}-{block}")
        return await MemoryIdMap.block(self, entity, block)

    async def find(self, entity: str, records: Mapping[str, str | None]) -> dict[str, IdMapEntry]:
        self.asked.append(f"{entity} {' '.join(sorted(records))}")
        return await MemoryIdMap.find(self, entity, records)


def an_entry(entity: str, source_id: str, within: str | None = None) -> IdMapEntry:
    return IdMapEntry(entity, source_id, f"t{source_id}", "c", NOW, "run-1", "created", "0/i-1", within=within)


def a_reference(entity: str, source_id: str, within: str | None = None) -> Pending:
    return Pending(entity, source_id, required=False, within=within)


def a_run(run_id: str, epoch: int) -> Run:
    return Run(run_id, "demo", RunMode.FULL, RunState.RUNNING, epoch, ("user",), NOW, "tester", "digest")


async def test_a_block_that_has_what_is_asked_is_read_once() -> None:
    idmap = CountedIdMap()
    await idmap.write([an_entry("user", "1"), an_entry("user", "2")])
    cache = BlockCache(idmap)
    for source_id in ("1", "2"):
        assert (await cache.lookup([a_reference("user", source_id)]))("user", source_id) == f"t{source_id}"
    assert idmap.asked == ["user-0"]


async def test_a_block_that_lacks_an_id_is_read_again() -> None:
    idmap = CountedIdMap()
    cache = BlockCache(idmap)
    assert (await cache.lookup([a_reference("user", "1")]))("user", "1") is None
    await idmap.write([an_entry("user", "1")])
    assert (await cache.lookup([a_reference("user", "1")]))("user", "1") == "t1"


@dataclass
class WrittenMeanwhile(CountedIdMap):
    """Somebody writes while a block is read."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    async def block(self, entity: str, block: str) -> dict[str, IdMapEntry]:
        found = await CountedIdMap.block(self, entity, block)
        for write in self.meanwhile:
            write()
        return found


async def test_a_block_that_is_written_to_while_it_is_read_is_not_kept() -> None:
    idmap = WrittenMeanwhile()
    await idmap.write([an_entry("user", "1")])
    cache = BlockCache(idmap)
    idmap.meanwhile.append(lambda: cache.forget([an_entry("user", "1")]))
    for _ in range(2):
        await cache.lookup([a_reference("user", "1")])
    assert idmap.asked == ["user-0", "user-0"]


async def test_what_this_process_writes_is_what_it_answers() -> None:
    idmaps = MemoryIdMaps()
    references = References(idmaps)
    run = a_run("run-1", 1)
    await references.write(run.plan, [an_entry("user", "1")])
    assert (await references.lookup(run, TURN, [a_reference("user", "1")]))("user", "1") == "t1"
    await references.write(run.plan, [replace(an_entry("user", "1"), target_id="other")])
    assert (await references.lookup(run, TURN, [a_reference("user", "1")]))("user", "1") == "other"


@pytest.mark.parametrize("later", [("run-1", 2), ("run-2", 1)])
async def test_another_run_or_generation_looks_for_itself(later: tuple[str, int]) -> None:
    idmaps = MemoryIdMaps()
    references = References(idmaps)
    await idmaps.of("demo").write([an_entry("user", "1")])
    await references.lookup(a_run("run-1", 1), TURN, [a_reference("user", "1")])
    await idmaps.of("demo").write([replace(an_entry("user", "1"), target_id="other")])
    assert (await references.lookup(a_run(*later), TURN, [a_reference("user", "1")]))("user", "1") == "other"


@pytest.mark.parametrize("earlier", [Moment(Stage.IMPORT, early=True), Moment(Stage.IMPORT), Moment(Stage.PATCH)])
async def test_a_later_moment_does_not_believe_what_was_read_at_an_earlier_one(earlier: Moment) -> None:
    idmaps, run = MemoryIdMaps(), a_run("run-1", 1)
    references = References(idmaps)
    await idmaps.of("demo").write([an_entry("user", "1")])
    await references.lookup(run, earlier, [a_reference("user", "1")])
    await idmaps.of("demo").write([replace(an_entry("user", "1"), target_id="written-elsewhere")])
    lookup = await references.lookup(run, Moment(Stage.PATCH, made_again=True), [a_reference("user", "1")])
    assert lookup("user", "1") == "written-elsewhere"


async def test_what_lies_by_its_parents_is_found_by_them() -> None:
    idmap = CountedIdMap()
    await idmap.write([an_entry("message", "7", "15"), an_entry("message", "700000", "16")])
    references = [a_reference("message", "7", "15"), a_reference("message", "700000", "16"), a_reference("user", "1")]
    lookup = await BlockCache(idmap).lookup(references)
    assert [lookup("message", "7"), lookup("message", "700000"), lookup("user", "1")] == ["t7", "t700000", None]
    assert idmap.asked == ["user-0", "message 7 700000"]


def test_a_slice_knows_its_own_records() -> None:
    known = {"1": an_entry("user", "1")}
    own = Own("user", {"1", "2"}, known)
    references = [a_reference("user", "1"), a_reference("user", "3"), a_reference("group", "1")]
    assert own.others(references) == references[1:]
    lookup = own.first(lambda entity, source_id: f"other {entity} {source_id}")
    assert [lookup("user", "1"), lookup("user", "2"), lookup("group", "1")] == ["t1", None, "other group 1"]
    known["2"] = replace(known["1"], source_id="2", target_id="t2")
    assert lookup("user", "2") == "t2"
