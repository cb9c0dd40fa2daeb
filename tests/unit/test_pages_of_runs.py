"""The list of runs, page by page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.model.run import Run, RunMode, RunState
from shared.ports.stores import RunStore
from shared.storage.memory.opening import open_memory_stores
from triggers.problems import Problem
from triggers.runs import page

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def begin(runs: RunStore, run_id: str, hours: int) -> Run:
    """A run that began so many hours after the first."""
    at = FIRST + timedelta(hours=hours)
    return await runs.insert(Run(run_id, "demo", RunMode.FULL, RunState.PAUSED, 1, ("user",), at, "tester", "digest"))


@pytest.fixture
async def runs() -> RunStore:
    """Four of them; the two in the middle began at the same instant."""
    kept = open_memory_stores().runs
    for run_id, hours in (("run-a", 0), ("run-b", 1), ("run-c", 1), ("run-d", 2)):
        await begin(kept, run_id, hours)
    return kept


async def shown(runs: RunStore, after: str | None, *, state: str | None = None) -> tuple[list[str], str | None]:
    found, following = await page(runs, 2, state=state, after=after)
    return [run.run_id for run in found], following


async def test_pages_go_from_the_newest_run_to_the_oldest_and_name_each_once(runs: RunStore) -> None:
    assert await shown(runs, None) == (["run-d", "run-c"], "run-c")
    assert await shown(runs, "run-c") == (["run-b", "run-a"], None)


async def test_a_run_that_begins_meanwhile_moves_no_page(runs: RunStore) -> None:
    await begin(runs, "run-e", 3)
    assert await shown(runs, "run-c") == (["run-b", "run-a"], None)


async def test_a_place_stays_good_when_its_run_leaves_the_list(runs: RunStore) -> None:
    last = await runs.get("run-c")
    assert last is not None
    await runs.replace(replace(last, state=RunState.RUNNING))
    assert await shown(runs, "run-c", state="paused") == (["run-b", "run-a"], None)


async def test_a_place_that_no_answer_gave_is_refused(runs: RunStore) -> None:
    with pytest.raises(Problem) as refused:
        await shown(runs, "run-z")
    assert refused.value.code == "INVALID_REQUEST"
