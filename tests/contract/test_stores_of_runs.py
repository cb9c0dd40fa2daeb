"""Runs, their locks and bindings: one suite for every storage backend."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.model.errors import Conflict
from shared.model.run import Run, RunMode, RunOptions, RunState, Undo
from shared.ports.stores import Lock, Stores

NOW = datetime(2026, 3, 1, 12, 30, 15, 250000, tzinfo=UTC)


def a_run(run_id: str = "run-1", **changes: Any) -> Run:
    run = Run(
        run_id,
        "demo_plan",
        RunMode.FULL,
        RunState.QUEUED,
        1,
        ("user", "group"),
        NOW,
        "Иван <ivan@example.com>",
        "digest",
        options=RunOptions(failure_threshold=0.5),
    )
    return replace(run, **changes)


async def test_a_run_comes_back_as_it_was_written(stores: Stores) -> None:
    written = await stores.runs.insert(a_run(since=NOW, actions=({"action": "pause", "by": "я"},)))
    assert await stores.runs.get("run-1") == written
    assert written.etag


async def test_a_run_that_is_undone_keeps_what_it_was_before(stores: Stores) -> None:
    undo = Undo(("user",), False, "я", RunState.HALTED, NOW.isoformat(), "target.unreachable", "out")
    written = await stores.runs.insert(a_run(undo=undo, undos=2, undone=("group",)))
    assert await stores.runs.get("run-1") == written


async def test_an_unknown_run_is_none(stores: Stores) -> None:
    assert await stores.runs.get("nothing/like?this#") is None


async def test_a_run_id_is_taken_once(stores: Stores) -> None:
    await stores.runs.insert(a_run())
    with pytest.raises(Conflict):
        await stores.runs.insert(a_run(started_by="another"))


async def test_only_the_first_of_two_writers_changes_a_run(stores: Stores) -> None:
    read = await stores.runs.insert(a_run())
    paused = await stores.runs.replace(replace(read, state=RunState.PAUSED))
    with pytest.raises(Conflict):
        await stores.runs.replace(replace(read, state=RunState.CANCELLED))
    assert (await stores.runs.replace(replace(paused, epoch=2))).epoch == 2


async def test_runs_are_listed_newest_first_and_filtered(stores: Stores) -> None:
    await stores.runs.insert(a_run("run-1"))
    await stores.runs.insert(a_run("run-2", started_at=NOW.replace(hour=13), state=RunState.COMPLETED))
    await stores.runs.insert(a_run("run-3", plan="other"))
    assert [run.run_id for run in await stores.runs.list(plan="demo_plan")] == ["run-2", "run-1"]
    assert [run.run_id for run in await stores.runs.list(state="completed")] == ["run-2"]


async def lock_of(stores: Stores) -> Lock:
    lock = await stores.runs.lock_of("demo_plan")
    assert lock is not None
    return lock


async def test_a_lock_is_held_by_one_run_until_it_is_given_back(stores: Stores) -> None:
    assert await stores.runs.lock_of("demo_plan") is None
    await stores.runs.lock("demo_plan", "run-1")
    with pytest.raises(Conflict):
        await stores.runs.lock("demo_plan", "run-2")
    lock = await lock_of(stores)
    assert lock.run_id == "run-1"
    await stores.runs.unlock("demo_plan", lock)
    assert await stores.runs.lock_of("demo_plan") is None


async def test_a_lock_that_its_run_took_anew_is_not_given_back_by_who_saw_it_before(stores: Stores) -> None:
    await stores.runs.lock("demo_plan", "run-1")
    seen = await lock_of(stores)
    await stores.runs.lock("demo_plan", "run-1")
    await stores.runs.unlock("demo_plan", seen)
    assert (await lock_of(stores)).run_id == "run-1"


async def test_a_lock_that_went_to_another_run_is_not_given_back_by_who_saw_it_before(stores: Stores) -> None:
    await stores.runs.lock("demo_plan", "run-1")
    seen = await lock_of(stores)
    await stores.runs.unlock("demo_plan", seen)
    await stores.runs.lock("demo_plan", "run-2")
    await stores.runs.unlock("demo_plan", seen)
    assert (await lock_of(stores)).run_id == "run-2"


async def test_a_binding_is_made_once_and_repeated_freely(stores: Stores) -> None:
    assert await stores.runs.binding("demo_plan") is None
    await stores.runs.bind("demo_plan", "portal", "store")
    await stores.runs.bind("demo_plan", "portal", "store")
    with pytest.raises(Conflict):
        await stores.runs.bind("demo_plan", "portal", "another")
    assert await stores.runs.binding("demo_plan") == ("portal", "store")
