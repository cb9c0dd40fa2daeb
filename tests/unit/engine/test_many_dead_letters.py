"""Runs with very many dead letters: they are gone through page by page, and nobody waits until all are counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shared.engine.dead_letters.grouping import by_cause
from shared.engine.dead_letters.requeueing import Requeueing, Selection
from shared.engine.job import Pace
from shared.engine.letters import letters_of
from shared.engine.runs.refusals import ControlError
from shared.model.records import DeadLetter, LetterPlace, OutgoingItem, Receipt
from shared.model.run import Run, RunState
from shared.storage.memory.rows import MemoryDeadLetters
from tests.unit.engine.conftest import World

MANY = 5_000
LARGEST_PAGE = 1_000


@dataclass
class Watched(MemoryDeadLetters):
    """Notes how many letters are read at once."""

    read: list[int] = field(default_factory=list)

    async def page(
        self, run_id: str | None = None, *, after: LetterPlace | None = None, size: int = LARGEST_PAGE
    ) -> list[DeadLetter]:
        found = await super().page(run_id, after=after, size=size)
        self.read.append(len(found))
        return found


def letter(run_id: str, number: int) -> DeadLetter:
    cause = "few" if number % 100 == 0 else "many"
    return DeadLetter(run_id, "group", str(number), "target.rejected", "no", 1, None, cause, page="0000/i00000000-000")


@pytest.fixture
async def ended(world: World) -> Run:
    """A run that has ended, with 5,000 letters."""
    world.stores = replace(world.stores, dead_letters=Watched())
    world.rewire()
    run = await world.drive((await world.start()).run_id)
    await world.stores.dead_letters.add([letter(run.run_id, number) for number in range(1, MANY + 1)])
    return run


def watched(world: World) -> Sequence[int]:
    assert isinstance(world.stores.dead_letters, Watched)
    return world.stores.dead_letters.read


def refusing(world: World, *source_ids: str) -> None:
    """From now on the target refuses these groups, and no others."""

    def refuse(name: str, item: OutgoingItem) -> Receipt | None:
        if name == "group" and item.source_id in source_ids:
            return Receipt(item.source_id, "failed", code="VALIDATION", reason="not valid")
        return None

    world.gateway.refuse = refuse


async def test_letters_are_gone_through_in_order_page_by_page(world: World, ended: Run) -> None:
    found = [one.source_id async for one in letters_of(world.stores.dead_letters, ended.run_id)]
    assert found == [str(number) for number in range(1, MANY + 1)]
    assert max(watched(world)) <= LARGEST_PAGE


async def test_causes_of_many_letters_are_counted_page_by_page(world: World, ended: Run) -> None:
    causes = await by_cause(letters_of(world.stores.dead_letters, ended.run_id))
    assert [(one["cause"], one["count"], one["example_id"]) for one in causes] == [
        ("many", 4_950, "1"),
        ("few", 50, "100"),
    ]
    assert max(watched(world)) <= LARGEST_PAGE


async def test_what_a_requeue_writes_does_not_grow_with_the_letters(world: World, ended: Run) -> None:
    told = await world.requeueing.requeue(Selection(run_id=ended.run_id), "tester", world.starter)
    (blob,) = (await world.run(ended.run_id)).requeued
    assert told.letters == MANY
    assert len(await world.stores.archive.get(blob)) < 100
    assert max(watched(world)) <= LARGEST_PAGE


async def test_more_letters_than_can_be_counted_at_once_are_requeued_uncounted(world: World, ended: Run) -> None:
    requeueing = Requeueing(world.stores, world.control, most=2_000)
    told = await requeueing.requeue(Selection(run_id=ended.run_id), "tester", world.starter)
    assert (told.runs, told.letters, told.waiting) == ((ended.run_id,), None, None)
    assert sum(watched(world)) <= 2_000 + LARGEST_PAGE


async def test_a_cause_among_too_many_letters_needs_a_run(world: World, ended: Run) -> None:
    requeueing = Requeueing(world.stores, world.control, most=2_000)
    with pytest.raises(ControlError) as refused:
        await requeueing.requeue(Selection(cause="few"), "tester", world.starter)
    assert refused.value.code == "INVALID_REQUEST"
    assert "run_id" in str(refused.value)


async def test_letters_that_nobody_counted_are_done_again_all_the_same(world: World) -> None:
    world.pace = Pace(slice_rows=40, judge_after=1_000)
    world.rewire()
    refusing(world, "3", "7", "40")
    run = await world.drive((await world.start()).run_id)
    refusing(world)
    requeueing = Requeueing(world.stores, world.control, most=2)
    told = await requeueing.requeue(Selection(run_id=run.run_id), "tester", world.starter)
    again: Any = await world.drive(run.run_id)
    assert told.letters is None
    assert again.state is RunState.COMPLETED
    assert await world.stores.dead_letters.page(run.run_id) == []
