"""The ``run`` orchestrator on the real SDK, every episode replayed twice."""

from collections.abc import Callable
from typing import Any

from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.replay import Run, Script, drive
from orchestrators.contract import ADVANCE_RUN, BIND_RUN, OPEN_ENTITY
from orchestrators.run import LONGEST_PAUSE, PAUSE, TICKS, run

JOB = {"run_id": "run-1", "epoch": 3}
IDLE = {"stop": False, "open": [], "moved": False, "near": False, "due": None, "done": 0}


def ticks(*answers: dict[str, Any], then: dict[str, Any]) -> Callable[[Any], Any]:
    waiting = list(answers)
    return lambda _job: {**IDLE, **(waiting.pop(0) if waiting else then)}


def driven(advance: Callable[[Any], Any], *, bound: bool = True, opens: bool = True) -> Run:
    script = Script(activities={ADVANCE_RUN: advance, BIND_RUN: lambda _job: bound, OPEN_ENTITY: lambda _job: opens})
    return drive(run, script=script, client_input=JOB, completions_per_episode=1)


def test_a_run_binds_opens_its_entities_and_ends() -> None:
    result = driven(ticks({}, {"open": ["user", "group"]}, {"moved": True}, then={"stop": True}))
    assert result.status is RuntimeStatus.COMPLETED
    assert result.names() == [ADVANCE_RUN, BIND_RUN, ADVANCE_RUN, OPEN_ENTITY, OPEN_ENTITY, ADVANCE_RUN, ADVANCE_RUN]
    assert result.output["run_id"] == "run-1"


def test_nothing_is_opened_before_the_run_is_bound() -> None:
    result = driven(ticks(*[{"open": ["user"]}] * 5, then={"stop": True}), bound=False)
    assert OPEN_ENTITY not in result.names()


def test_history_does_not_grow_with_the_length_of_a_run() -> None:
    result = driven(ticks(*[{"done": n} for n in range(5 * TICKS)], then={"stop": True}))
    assert len(result.rows) >= 5
    assert max(result.rows) <= 8 * TICKS + 20


def test_many_entities_are_opened_in_chunks() -> None:
    many = [f"entity{n}" for n in range(120)]
    result = driven(ticks({}, {"open": many}, then={"stop": True}))
    assert result.names().count(OPEN_ENTITY) == 120
    assert max(result.rows) < 1_000


def test_pauses_grow_while_nothing_happens_and_shrink_when_something_does() -> None:
    idle = driven(ticks(*[{}] * 8, then={"stop": True})).elapsed.total_seconds()
    busy = driven(ticks(*[{"moved": True}] * 8, then={"stop": True})).elapsed.total_seconds()
    assert busy < idle <= 8 * LONGEST_PAUSE


def test_pauses_are_shorter_while_little_is_left() -> None:
    busy = driven(ticks(*[{"moved": True}] * 8, then={"stop": True})).elapsed.total_seconds()
    near = driven(ticks(*[{"moved": True, "near": True}] * 8, then={"stop": True})).elapsed.total_seconds()
    assert near < busy


def test_pauses_grow_with_the_time_that_nothing_happened() -> None:
    few = driven(ticks(*[{}] * 10, then={"stop": True})).elapsed.total_seconds()
    many = driven(ticks(*[{}] * 30, then={"stop": True})).elapsed.total_seconds()
    assert 3 * few < many <= 30 * LONGEST_PAUSE


def test_a_pause_ends_when_what_waits_is_due() -> None:
    stuck = driven(ticks(*[{}] * 12, then={"stop": True})).elapsed.total_seconds()
    waited_for = driven(ticks(*[{"due": 3.5}] * 12, then={"stop": True})).elapsed.total_seconds()
    past_due = driven(ticks(*[{"due": 0.01}] * 12, then={"stop": True})).elapsed.total_seconds()
    assert past_due < waited_for < stuck
    assert past_due >= 11 * PAUSE


def test_a_new_generation_carries_scalars_only() -> None:
    result = driven(ticks(*[{}] * (TICKS + 1), then={"stop": True}))
    assert all(isinstance(value, str | int | float | bool) for value in result.inputs[1].values())
    assert result.inputs[1]["epoch"] == 3
