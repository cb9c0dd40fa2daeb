"""How target ids are found, and what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared.engine.lookup import BlockCache, Own
from shared.model.idmap import IdMapEntry
from shared.storage.memory.rows import MemoryIdMap
from shared.transform.references import Pending

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
