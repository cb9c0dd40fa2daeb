"""Orchestrators replayed in memory through the real SDK: determinism, ids, timers, retries, limits of replay."""

import time
import uuid
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.durable_functions import RetryOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.durable.history import EventType
from lab.devhost.replay import Raised, ReplayDifferenceError, Run, Script, UnscriptedCallError, drive, replay

Orchestration = Generator[Any, Any, Any]

DOUBLE = Script(activities={"double": lambda number: number * 2})


def chain(context: Any) -> Orchestration:
    first = yield context.call_activity("double", context.get_input())
    return (yield context.call_activity("double", first))


def fan_out(context: Any) -> Orchestration:
    results = yield context.task_all([context.call_activity("double", number) for number in range(context.get_input())])
    return sum(results)


def retried(context: Any) -> Orchestration:
    options = RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=3)
    try:
        return (yield context.call_activity_with_retry("flaky", options, "x"))
    except Exception as error:
        return f"gave up: {str(error).splitlines()[0]}"


def rows_of(run: Run, kind: EventType) -> list[dict[str, Any]]:
    return [entry for entry in run.history if entry["EventType"] == kind]


def fails_times(count: int) -> Callable[[Any], str]:
    outcomes: Iterator[bool] = iter([True] * count)

    def answer(_: Any) -> str:
        if next(outcomes, False):
            raise ConnectionError("not yet")
        return "in the end"

    return answer


def test_a_chain_is_four_rows_per_step_and_four_more() -> None:
    run = drive(chain, script=DOUBLE, client_input=5)
    assert (run.output, run.rows, run.episodes) == (20, [4 * 2 + 4], 3)


@settings(max_examples=25)
@given(count=st.integers(1, 15), merged=st.integers(1, 16))
def test_a_fan_out_gives_the_same_result_however_completions_are_merged(count: int, merged: int) -> None:
    run = drive(fan_out, script=DOUBLE, client_input=count, completions_per_episode=merged)
    assert run.output == count * (count - 1)


def test_the_same_code_agrees_with_a_recorded_history() -> None:
    recorded = drive(chain, script=DOUBLE, client_input=5).history
    assert replay(chain, recorded[:-1], client_input=5).status is RuntimeStatus.COMPLETED


def test_changed_code_is_caught_on_a_recorded_history_with_both_versions_shown() -> None:
    def changed(context: Any) -> Orchestration:
        first = yield context.call_activity("triple", context.get_input())
        return first

    recorded = drive(chain, script=DOUBLE, client_input=5).history
    outcome = replay(changed, recorded, client_input=5)
    assert outcome.status is RuntimeStatus.FAILED
    message = outcome.result or ""
    assert "Non-Deterministic workflow detected" in message
    assert "#0 TASK_SCHEDULED 'double'" in message
    assert "#0 TASK_SCHEDULED 'triple'" in message


def test_a_removed_step_is_caught_on_a_recorded_history() -> None:
    def shortened(context: Any) -> Orchestration:
        return (yield context.call_activity("double", context.get_input()))

    recorded = drive(chain, script=DOUBLE, client_input=5).history
    assert "nothing with id 1" in (replay(shortened, recorded, client_input=5).result or "")


def test_an_orchestrator_that_uses_chance_is_caught() -> None:
    def by_chance(context: Any) -> Orchestration:
        yield context.call_activity("double", str(uuid.uuid4()))

    with pytest.raises(ReplayDifferenceError):
        drive(by_chance, script=DOUBLE)


def test_an_orchestrator_that_uses_the_wall_clock_is_caught() -> None:
    def by_clock(context: Any) -> Orchestration:
        yield context.call_activity("double", time.perf_counter_ns())

    with pytest.raises(ReplayDifferenceError):
        drive(by_clock, script=DOUBLE)


def test_ids_and_times_of_the_context_are_the_same_in_every_replay() -> None:
    def by_context(context: Any) -> Orchestration:
        token = context.new_uuid()
        yield context.call_activity("double", 1)
        return [token, context.new_uuid(), context.current_utc_datetime.isoformat()]

    assert drive(by_context, script=DOUBLE).output == drive(by_context, script=DOUBLE).output


def test_a_call_without_an_answer_is_an_error_of_the_script() -> None:
    with pytest.raises(UnscriptedCallError, match="double"):
        drive(chain, client_input=1)


def test_a_retry_succeeds_after_the_interval() -> None:
    run = drive(retried, script=Script(activities={"flaky": fails_times(2)}))
    assert (run.output, run.elapsed) == ("in the end", timedelta(seconds=10))


def test_exhausted_retries_end_with_one_more_timer_that_fires_at_once() -> None:
    run = drive(retried, script=Script(activities={"flaky": fails_times(9)}))
    assert run.output == "gave up: Activity function 'flaky' failed:  ConnectionError: not yet "
    assert (len(rows_of(run, EventType.TIMER_CREATED)), run.elapsed) == (3, timedelta(seconds=10))


def test_parallel_retries_share_one_counter_of_ids() -> None:
    def parallel(context: Any) -> Orchestration:
        options = RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=5)
        tasks = [context.call_activity_with_retry("flaky", options, number) for number in range(5)]
        return (yield context.task_all(tasks))

    run = drive(parallel, script=Script(activities={"flaky": fails_times(7)}), completions_per_episode=1)
    assert run.output == ["in the end"] * 5
    decided = [entry["EventId"] for entry in run.history if entry["EventId"] >= 0]
    assert sorted(decided) == list(range(5 + 2 * 7))


def test_a_long_timer_is_waited_for_in_hops() -> None:
    def patient(context: Any) -> Orchestration:
        yield context.create_timer(context.current_utc_datetime + timedelta(days=10))
        return "awake"

    run = drive(patient)
    assert (run.output, run.elapsed) == ("awake", timedelta(days=10))
    assert len(rows_of(run, EventType.TIMER_FIRED)) > 1


def test_a_cancelled_timer_does_not_delay_the_end() -> None:
    def cancels(context: Any) -> Orchestration:
        timeout = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        done = context.wait_for_external_event("done")
        yield context.task_any([timeout, done])
        timeout.cancel()
        return (yield context.call_activity("double", 4))

    run = drive(cancels, script=Script(DOUBLE.activities, events=[Raised("done", after=timedelta(minutes=1))]))
    assert (run.output, run.elapsed) == (8, timedelta(minutes=1))


def test_an_orchestrator_that_waits_for_ever_stays_running() -> None:
    def waits(context: Any) -> Orchestration:
        yield context.wait_for_external_event("never")

    assert drive(waits).status is RuntimeStatus.RUNNING


def test_two_events_of_one_name_before_two_waits_lose_a_payload_in_the_sdk() -> None:
    def late(context: Any) -> Orchestration:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=10))
        first = yield context.wait_for_external_event("item")
        second = yield context.wait_for_external_event("item")
        return [first, second]

    events = [Raised("item", 1, timedelta(seconds=1), by_client=False), Raised("item", 2, timedelta(seconds=2), False)]
    assert drive(late, script=Script(events=events)).output == [2, 2]


def test_history_is_bounded_by_continue_as_new() -> None:
    def counts(context: Any) -> Orchestration:
        number = context.get_input()
        yield context.call_activity("double", number)
        if number < 20:
            context.continue_as_new(number + 1)
            return None
        return number

    run = drive(counts, script=DOUBLE, client_input=1)
    assert (run.output, run.inputs, max(run.rows)) == (20, list(range(1, 21)), 8)


def test_events_after_continue_as_new_are_carried_over() -> None:
    def collects(context: Any) -> Orchestration:
        seen = [*context.get_input(), (yield context.wait_for_external_event("item"))]
        if len(seen) < 3:
            context.continue_as_new(seen)
            return None
        return seen

    burst = [Raised("item", number, timedelta(seconds=1), by_client=False) for number in range(3)]
    assert drive(collects, script=Script(events=burst), client_input=[]).output == [0, 1, 2]


def test_a_failed_child_is_reported_as_one() -> None:
    def parent(context: Any) -> Orchestration:
        try:
            yield context.call_sub_orchestrator("child", {"n": 1}, "child-1")
        except Exception as error:
            return str(error)

    run = drive(parent, script=Script(children={"child": fails_times(1)}))
    assert "Orchestrator function 'child' failed" in run.output
    assert run.names(EventType.SUB_ORCHESTRATION_CREATED) == ["child"]


def test_tasks_that_are_never_yielded_are_never_scheduled() -> None:
    def forgets(context: Any) -> Orchestration:
        context.call_activity("double", 1)
        return (yield context.call_activity("double", 2))

    assert [call.input for call in drive(forgets, script=DOUBLE).calls] == [2]


def test_an_empty_task_all_gives_nothing() -> None:
    def empty(context: Any) -> Orchestration:
        return (yield context.task_all([]))

    assert drive(empty).output is None


def test_about_a_thousand_finished_tasks_one_by_one_overflow_the_stack() -> None:
    def one_by_one(context: Any) -> Orchestration:
        tasks = [context.call_activity("double", number) for number in range(1_100)]
        yield context.task_all(tasks)
        for task in tasks:  # noqa: UP028  # an orchestrator must yield its tasks itself
            yield task

    run = drive(one_by_one, script=DOUBLE, completions_per_episode=2_000)
    assert run.status is RuntimeStatus.FAILED
    assert "recursion" in run.failure


def test_a_custom_status_beyond_its_limit_fails_the_instance() -> None:
    def talkative(context: Any) -> Orchestration:
        context.set_custom_status("x" * 9000)
        yield context.call_activity("double", 1)

    assert "custom status" in drive(talkative, script=DOUBLE).failure


def test_durable_http_is_refused_with_a_clear_message() -> None:
    def calls_http(context: Any) -> Orchestration:
        yield context.call_http("GET", "http://127.0.0.1/")

    assert "does not support the durable action CALL_HTTP" in drive(calls_http).failure
