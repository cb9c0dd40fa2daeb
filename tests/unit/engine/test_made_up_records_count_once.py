"""Who is made up counts once, in the slice that made them up, whatever breaks off on the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.engine.importing.placeholders import page_of
from shared.engine.importing.results import Results
from shared.model.errors import RetryLater
from shared.model.idmap import IdMapEntry
from shared.model.ledger import PageKey, PageRow, Stage
from shared.model.records import OutgoingItem, Receipt
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS
from tests.unit.engine.conftest import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_OWNER = {"from": "OWNER", "reference": "user", "required": True, "missing": "placeholder"}


@pytest.fixture
def orphaned(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three groups of which the owners are gone."""
    mapping = read_mapping("group", {"field": {"name": {"from": "NAME", "required": True}, "owner_id": _OWNER}})
    monkeypatch.setitem(MAPPINGS, "group", mapping)
    world.plan = replace(world.plan, placeholders={"user": {"email": "gone-{id}@example.com"}})
    for number, owner in enumerate(("900", "901", "902"), start=1):
        world.portal.records["group"][number]["OWNER"] = owner
    world.rewire()
    return world


class Break:
    """Breaks off one call: the first of ``entity`` that carries the record ``wanted``."""

    def __init__(self, entity: str, wanted: str) -> None:
        self._entity, self._wanted, self._done = entity, wanted, False

    def __call__(self, entity: str, items: Sequence[OutgoingItem]) -> None:
        if not self._done and entity == self._entity and any(item.source_id == self._wanted for item in items):
            self._done = True
            raise RetryLater("target.unreachable", "the line broke")


async def _made_up(world: World) -> int:
    run = await world.start()
    await world.drive(run.run_id)
    return (await world.counts(run.run_id, "placeholders"))["group"]


async def test_an_answer_that_was_lost_is_counted_by_the_next_attempt(orphaned: World) -> None:
    orphaned.gateway.after = Break("user", "900")
    assert await _made_up(orphaned) == 3


async def test_a_slice_that_broke_off_after_it_made_them_up_counts_them_when_it_is_done(orphaned: World) -> None:
    orphaned.gateway.before = Break("group", "1")
    assert await _made_up(orphaned) == 3


async def test_they_count_though_the_records_that_name_them_went_in_before_the_slice_broke_off(orphaned: World) -> None:
    stumbled: list[str] = []

    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        if entity != "group" or item.source_id != "30" or stumbled:
            return None
        stumbled.append(item.source_id)
        return Receipt("30", "failed", code="TRANSIENT", reason="busy", retryable=True)

    orphaned.gateway.refuse = refuse
    assert await _made_up(orphaned) == 3
    assert stumbled


async def test_who_is_made_up_by_two_slices_at_once_counts_in_one_of_them(world: World) -> None:
    slices = [Results(PageRow(PageKey("run-1", "group", 0, Stage.IMPORT, seq))) for seq in range(2)]
    for one in slices:
        entry = IdMapEntry("user", "900", "t-900", "c" * 64, NOW, "run-1", "created", page_of(one.page))
        one.note_made_up(await world.importer.references.add("demo", [entry]))
    assert [one.counts().placeholders for one in slices] == [1, 0]


async def test_those_of_an_earlier_run_are_not_counted_again(orphaned: World) -> None:
    assert await _made_up(orphaned) == 3
    orphaned.portal.records["group"][1]["NAME"] = "another"
    orphaned.gateway.before = Break("group", "1")
    assert await _made_up(orphaned) == 0
