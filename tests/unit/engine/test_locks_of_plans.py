"""A plan's lock, while several people and machines look at its runs at once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.runs.control import RunControl
from shared.engine.runs.locking import Locks
from shared.engine.runs.refusals import ControlError
from shared.model.errors import Conflict
from shared.model.run import Run, RunMode, RunState, Undo
from tests.unit.engine.conftest import World


class Interrupted:
    """A store in which somebody else is quick, once: after ``name`` was asked, and before the answer is there."""

    def __init__(self, inner: Any, name: str, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self.inner, self.name, self.meanwhile = inner, name, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        works = getattr(self.inner, name)
        if name != self.name:
            return works

        async def interrupted(*values: Any, **options: Any) -> Any:
            answer = await works(*values, **options)
            if self.meanwhile:
                await self.meanwhile.pop()()
            return answer

        return interrupted


@pytest.fixture
async def ended(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def holder(world: World) -> str | None:
    lock = await world.stores.runs.lock_of("demo")
    return None if lock is None else lock.run_id


async def requeue(world: World, run: Run) -> Run:
    return await world.control.requeue(run.run_id, "tester", world.starter, blob="letters", letters=0)


async def test_a_run_that_is_opened_again_keeps_its_lock_from_who_saw_that_it_had_ended(
    world: World, ended: Run
) -> None:
    await world.stores.runs.lock("demo", ended.run_id)
    looking = Interrupted(world.stores.runs, "get", lambda: requeue(world, ended))
    await Locks(looking, world.clock).release_stale("demo")  # type: ignore[arg-type]
    assert await holder(world) == ended.run_id


async def test_a_run_that_is_opened_again_as_it_ends_keeps_its_lock(world: World) -> None:
    run = await world.start()
    ending = Interrupted(world.stores.runs, "replace", lambda: requeue(world, run))

    async def at_last(*values: Any) -> Any:
        if values[0].state.ended:
            return await ending.replace(*values)
        return await world.stores.runs.replace(*values)

    finishing = world.advancer.finishing
    finishing.stores = replace(world.stores, runs=_With(world.stores.runs, at_last))
    await world.drive(run.run_id)
    await world.tick(run)
    assert (await world.run(run.run_id)).epoch == 2
    assert await holder(world) == run.run_id


class _With:
    """A store of runs with another way to write them."""

    def __init__(self, inner: Any, write: Callable[..., Awaitable[Any]]) -> None:
        self.inner, self.replace = inner, write

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Late(_With):
    """A store in which another run takes the lock between two looks, and somebody writes the run at the same time."""

    def __init__(self, inner: Any, other: str) -> None:
        super().__init__(inner, self._replace)
        self.other, self.reopened, self.raced = other, False, False

    async def lock(self, plan: str, run_id: str) -> None:
        if self.reopened:
            await self.inner.unlock(plan, await self.inner.lock_of(plan))
            await self.inner.lock(plan, self.other)
            raise Conflict(plan)
        await self.inner.lock(plan, run_id)

    async def _replace(self, run: Run) -> Run:
        if self.reopened and not self.raced:
            self.raced = True
            await self.inner.replace(replace(await self.inner.get(run.run_id), waiting_on="target"))
        self.reopened = True
        answer: Run = await self.inner.replace(run)
        return answer


async def _beside_another(world: World, ended: Run) -> RunControl:
    """Controls the runs of a plan whose lock goes to another one while ``ended`` is opened again."""
    other = await world.start()
    lock = await world.stores.runs.lock_of("demo")
    assert lock is not None
    await world.stores.runs.unlock("demo", lock)
    stores = replace(world.stores, runs=Late(world.stores.runs, other.run_id))  # type: ignore[arg-type]
    return RunControl(world, stores, world.control.outages, world.clock)


async def test_a_requeue_that_loses_its_lock_is_refused_and_the_run_paused_whoever_writes_it(
    world: World, ended: Run
) -> None:
    control = await _beside_another(world, ended)
    with pytest.raises(ControlError, match="has not ended"):
        await control.requeue(ended.run_id, "tester", world.starter, blob="letters", letters=0)
    assert (await world.run(ended.run_id)).state is RunState.PAUSED


async def test_an_undo_that_loses_its_lock_is_refused_and_the_run_is_what_it_was(world: World, ended: Run) -> None:
    control = await _beside_another(world, ended)
    undo = Undo(("group",), whole=False, asked_by="tester", state=ended.state, finished_at=None)
    with pytest.raises(ControlError, match="has not ended"):
        await control.undo(ended.run_id, "tester", world.starter, undo, epoch=ended.epoch)
    now = await world.run(ended.run_id)
    assert (now.state, now.finished_at, now.undo) == (ended.state, ended.finished_at, None)


async def test_a_run_follows_one_that_began_and_ended_before_it_had_the_lock(
    world: World, ended: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, others = Locks.take, list[Run]()

    async def late(self: Locks, run: Run) -> None:
        if not others:
            others.append(run)
            others.append(await world.drive((await world.start()).run_id))
        await take(self, run)

    monkeypatch.setattr(Locks, "take", late)
    run = await world.start()
    assert run.follows == others[1].run_id
    assert run.started_at > (others[1].finished_at or run.started_at)


async def test_a_run_can_be_written_however_often_people_change_it(world: World) -> None:
    run = await world.start(RunMode.DRY_RUN)
    who = "function key, says to be " + "я" * 100
    for _ in range(40):
        await world.control.pause(run.run_id, who)
        run = await world.control.resume(run.run_id, who, world.starter)
    told = [(one["action"], one["at"]) for one in run.actions]
    assert len(str(run.actions).encode("unicode_escape")) < 24_000
    assert [name for name, _ in told[:1] + told[-2:]] == ["pause", "pause", "resume"]
    assert told == sorted(told, key=lambda one: one[1])
