"""Microsoft's documented Durable patterns run on the local host as they are written for Azure."""

import json
import time

import httpx

from lab.hosted_app import HostedApp


def test_a_chain_of_activities_returns_the_results_in_order(patterns: HostedApp) -> None:
    assert patterns.run("chaining")["output"] == ["Hello Tokyo!", "Hello Seattle!", "Hello London!"]


def test_fan_out_and_fan_in_sees_every_result(patterns: HostedApp) -> None:
    assert patterns.run("fan_out", 40)["output"] == sum(number * number for number in range(40))


def test_the_check_status_response_leads_to_the_finished_instance(patterns: HostedApp) -> None:
    answer = patterns.http.post("/api/orchestrators/chaining")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "10")
    location = answer.headers["Location"]
    assert location == answer.json()["statusQueryGetUri"]
    patterns.wait(answer.json()["id"])
    assert httpx.get(location).json()["runtimeStatus"] == "Completed"


def test_waiting_for_completion_answers_with_the_output(patterns: HostedApp) -> None:
    answer = patterns.http.post("/api/wait/fan_out", json=3)
    assert (answer.status_code, answer.json()) == (200, 5)


def test_a_monitor_polls_on_timers_until_the_job_is_done(patterns: HostedApp) -> None:
    assert patterns.run("monitor", "job")["output"] == 3


def test_an_approval_in_time_cancels_the_timeout(patterns: HostedApp) -> None:
    started = time.monotonic()
    instance_id = patterns.start("approval", 600)
    patterns.wait(instance_id, "Running")
    assert patterns.raise_event(instance_id, "approved", "you") == 202
    assert patterns.wait(instance_id)["output"] == "Hello you!"
    assert time.monotonic() - started < 600


def test_an_approval_that_does_not_come_is_escalated(patterns: HostedApp) -> None:
    assert patterns.run("approval", 0.3)["output"] == "Hello escalated!"


def test_sub_orchestrations_are_retried_one_by_one(patterns: HostedApp) -> None:
    instance_id = patterns.start("parent")
    assert patterns.wait(instance_id)["output"] == ["0", "1", "2"]


def test_a_failing_child_raises_in_its_parent(patterns: HostedApp) -> None:
    output = patterns.run("parent_of_failing")["output"]
    assert "Orchestrator function 'failing_child' failed" in output
    assert "ValueError: bad always" in output


def test_an_eternal_orchestration_begins_a_new_generation_each_time(patterns: HostedApp) -> None:
    instance_id = patterns.start("eternal", 1)
    status = patterns.wait(instance_id)
    assert (status["output"], status["customStatus"]) == (5, {"round": 5})
    history = patterns.status(instance_id, showHistory="true")["historyEvents"]
    assert [entry["EventType"] for entry in history] == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]


def test_exhausted_retries_raise_the_last_failure(patterns: HostedApp) -> None:
    instance_id = patterns.start("exhausted")
    assert "ValueError: bad again" in patterns.wait(instance_id)["output"]
    history = patterns.status(instance_id, showHistory="true")["historyEvents"]
    kinds = [entry["EventType"] for entry in history]
    assert (kinds.count("TaskFailed"), kinds.count("TimerFired")) == (3, 3)


def test_an_unhandled_activity_failure_fails_the_instance(patterns: HostedApp) -> None:
    status = patterns.run("unhandled")
    assert status["runtimeStatus"] == "Failed"
    failure = "Activity function 'fail' failed:  ValueError: bad unhandled"
    assert status["output"].startswith(f"Orchestrator function 'unhandled' failed: {failure}")


def test_a_failed_task_all_is_raised_at_once_but_acted_upon_when_the_siblings_are_done(patterns: HostedApp) -> None:
    instance_id = patterns.start("fails_among_slow")
    deadline = time.monotonic() + 20
    while patterns.status(instance_id)["customStatus"] != "caught":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    while_slow = patterns.status(instance_id, showHistory="true")["historyEvents"]
    assert "say" not in json.dumps(while_slow)
    assert patterns.wait(instance_id)["output"] == "Hello compensated!"


def test_a_forgotten_timer_keeps_the_instance_running(patterns: HostedApp) -> None:
    instance_id = patterns.start("forgotten_timer")
    deadline = time.monotonic() + 20
    while (status := patterns.status(instance_id))["customStatus"] != "the code is done":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert status["runtimeStatus"] == "Running"
    assert patterns.wait(instance_id)["output"] == "done"


def test_an_orchestration_on_chance_fails_with_both_versions_shown(patterns: HostedApp) -> None:
    status = patterns.run("depends_on_chance")
    assert status["runtimeStatus"] == "Failed"
    assert "two replays of one history differ" in status["output"]
