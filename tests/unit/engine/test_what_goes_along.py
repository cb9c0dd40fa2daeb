"""Which records go when those that they belong to do."""

from datetime import UTC, datetime

import pytest

from shared.engine.deletions.belonging import Families
from shared.model.idmap import IdMapEntry
from shared.model.ledger import Stage
from shared.model.plan import Owner
from shared.model.records import SourceRecord
from shared.model.run import RunMode, RunOptions
from shared.storage.memory import rows as memory
from shared.transform.mapping import Mapping
from tests.unit.engine.conftest import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Read:
    """What runs have read: pages of ``(id, owner)``, oldest first."""

    generation = "run-1 1"
    options = RunOptions()

    def __init__(self, *pages: list[tuple[str, str]]) -> None:
        self.content = {str(number): page for number, page in enumerate(pages)}

    async def earlier(self, _entity: str) -> tuple[str, ...]:
        return tuple(self.content)[:-1]

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return tuple(self.content)[-1:]

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(name, {"OWNER": owner}) for name, owner in self.content[page])

    def since(self, _entity: str) -> None:
        return None

    async def gone(self, _entity: str) -> frozenset[str]:
        return frozenset()


def entry(source_id: str) -> IdMapEntry:
    return IdMapEntry("group", source_id, f"t-{source_id}", "c", NOW, "run-0", "created", "0/i-0000000-000")


async def going(families: Families, read: Read, *gone: str) -> list[str]:
    entries, owner = [entry(name) for name in "12345"], Owner("user", "OWNER")
    found = await families.going(owner, Mapping("group", ()), frozenset(gone), entries, read)
    return [one.source_id for one in found]


async def test_what_belonged_to_one_that_is_gone_goes_as_it_was_last_read() -> None:
    read = Read([("1", "7"), ("2", "8"), ("3", "7")], [("3", "8"), ("4", "7"), ("2", "7")])
    assert await going(Families(), read, "7") == ["1", "2", "4"]


async def test_others_that_are_gone_by_now_take_theirs_along() -> None:
    families, read = Families(), Read([("1", "7")], [("2", "8")])
    assert await going(families, read, "7") == ["1"]
    assert await going(families, read, "7", "8") == ["1", "2"]


async def test_a_walk_that_takes_long_goes_on_in_another_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.drive((await world.start()).run_id)
    monkeypatch.setattr(memory, "_SCANNED", 10)

    def slow(_entity: str, cursor: dict[str, object]) -> None:
        if "shown" in cursor:
            world.clock.offset += 20

    world.portal.trouble = slow
    run = await world.drive((await world.start(RunMode.DELTA)).run_id)
    rows = await world.stores.ledger.scan(run.run_id, entity="group", stage=Stage.DELETE)
    assert [row.counts.known for row in rows] == [10, 10, 10, 10, 5]
