"""The management API and the data encodings, as the durable extension has them."""

import time

from lab.hosted_app import HostedApp

API = "/runtime/webhooks/durabletask"


def test_a_started_instance_is_found_at_once(patterns: HostedApp) -> None:
    assert patterns.http.post("/api/pending/chaining").json()["found"] is True


def test_an_unknown_orchestrator_is_refused_with_the_known_ones(patterns: HostedApp) -> None:
    answer = patterns.http.post(f"{API}/orchestrators/nothing")
    assert answer.status_code == 400
    message = answer.json()["ExceptionMessage"]
    assert "The function 'nothing' doesn't exist" in message
    assert "'chaining'" in message


def test_an_id_in_use_is_refused_until_its_instance_has_ended(patterns: HostedApp) -> None:
    patterns.start("wait_for_end", instance_id="single")
    again = patterns.http.post(f"{API}/orchestrators/wait_for_end/single")
    assert again.status_code == 500
    assert "already exists" in again.json()["ExceptionMessage"]
    patterns.raise_event("single", "end", None)
    patterns.wait("single")
    patterns.start("chaining", instance_id="single")
    assert patterns.wait("single")["name"] == "chaining"


def test_the_sdk_client_raises_for_an_id_in_use(patterns: HostedApp) -> None:
    patterns.start("wait_for_end", instance_id="taken")
    answer = patterns.http.post("/api/orchestrators/wait_for_end", params={"id": "taken"})
    assert answer.status_code == 500
    patterns.tell("taken", "terminate")


def test_an_invalid_instance_id_is_refused(patterns: HostedApp) -> None:
    assert patterns.http.post(f"{API}/orchestrators/chaining/@leading").status_code == 400


def test_an_event_of_the_sdk_client_arrives_as_a_string(patterns: HostedApp) -> None:
    instance_id = patterns.start("event_payload")
    patterns.http.post(f"/api/events/{instance_id}/payload", json={"n": 1})
    assert patterns.wait(instance_id)["output"] == {"type": "str", "payload": '{"n": 1}'}


def test_an_event_over_http_arrives_decoded(patterns: HostedApp) -> None:
    instance_id = patterns.start("event_payload")
    patterns.raise_event(instance_id, "payload", {"n": 1})
    assert patterns.wait(instance_id)["output"] == {"type": "dict", "payload": {"n": 1}}


def test_an_event_of_another_case_is_consumed_and_never_seen(patterns: HostedApp) -> None:
    instance_id = patterns.start("two_waits")
    patterns.raise_event(instance_id, "GO", 1)
    patterns.raise_event(instance_id, "go", 2)
    deadline = time.monotonic() + 20
    while len(patterns.status(instance_id, showHistory="true")["historyEvents"]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert patterns.status(instance_id)["runtimeStatus"] == "Running"
    patterns.tell(instance_id, "terminate")


def test_events_survive_the_generations_of_a_consumer(patterns: HostedApp) -> None:
    instance_id = patterns.start("counts_events", [])
    for number in range(3):
        patterns.raise_event(instance_id, "item", number)
    assert patterns.wait(instance_id)["output"] == [0, 1, 2]


def test_json_values_pass_through_an_activity_unchanged(patterns: HostedApp) -> None:
    value = {"text": "Привет", "list": [1, 2.5, None, True], "nested": {"a": []}}
    assert patterns.run("echo", value)["output"] == value


def test_large_values_pass_through_an_activity_unchanged(patterns: HostedApp) -> None:
    value = ["я" * 50_000, "x" * 50_000]
    assert patterns.run("echo", value)["output"] == value


def test_an_object_over_http_is_encoded_once(patterns: HostedApp) -> None:
    answer = patterns.http.post(f"{API}/orchestrators/echo", json={"n": 3})
    status = patterns.wait(answer.json()["id"])
    assert (status["input"], status["output"]) == ({"n": 3}, {"n": 3})


def test_a_list_over_http_breaks_get_input_as_in_azure(patterns: HostedApp) -> None:
    answer = patterns.http.post(f"{API}/orchestrators/echo", json=[1])
    assert patterns.wait(answer.json()["id"])["runtimeStatus"] == "Failed"


def test_starting_with_a_timeout_answers_with_the_output(patterns: HostedApp) -> None:
    query = {"timeout": "20", "pollingInterval": "0.1"}
    answer = patterns.http.post(f"{API}/orchestrators/echo", params=query, json={"n": 3})
    assert (answer.status_code, answer.json()) == (200, {"n": 3})


def test_a_running_instance_answers_202_and_a_failed_one_500_on_request(patterns: HostedApp) -> None:
    running = patterns.start("wait_for_end")
    assert patterns.http.get(f"{API}/instances/{running}").status_code == 202
    patterns.tell(running, "terminate")
    failed = patterns.start("unhandled")
    patterns.wait(failed)
    query = {"returnInternalServerErrorOnFailure": "true"}
    assert patterns.http.get(f"{API}/instances/{failed}", params=query).status_code == 500


def test_terminate_ends_an_instance_with_the_reason(patterns: HostedApp) -> None:
    instance_id = patterns.start("wait_for_end")
    assert patterns.tell(instance_id, "terminate") == 202
    status = patterns.wait(instance_id)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "test")
    assert patterns.tell(instance_id, "terminate") == 410
    assert patterns.raise_event(instance_id, "end", None) == 410


def test_a_suspended_instance_keeps_its_events_for_later(patterns: HostedApp) -> None:
    instance_id = patterns.start("wait_for_end")
    patterns.wait(instance_id, "Running")
    patterns.tell(instance_id, "suspend")
    patterns.wait(instance_id, "Suspended")
    patterns.raise_event(instance_id, "end", None)
    time.sleep(0.5)
    assert patterns.status(instance_id)["runtimeStatus"] == "Suspended"
    patterns.tell(instance_id, "resume")
    assert patterns.wait(instance_id)["output"] == "ended"


def test_rewind_runs_only_the_failed_work_again(patterns: HostedApp) -> None:
    instance_id = patterns.start("fails_until_repaired")
    assert patterns.wait(instance_id)["runtimeStatus"] == "Failed"
    patterns.http.post(f"/api/repair/{instance_id}")
    assert patterns.tell(instance_id, "rewind") == 202
    assert patterns.wait(instance_id, "Completed")["output"] == "repaired"
    assert patterns.tell(instance_id, "rewind") == 410


def test_rewind_of_a_parent_runs_its_failed_child_again(patterns: HostedApp) -> None:
    instance_id = patterns.start("parent_until_repaired")
    assert patterns.wait(instance_id)["runtimeStatus"] == "Failed"
    patterns.http.post(f"/api/repair/{instance_id}-child")
    assert patterns.tell(instance_id, "rewind") == 202
    assert patterns.wait(instance_id, "Completed")["output"] == "repaired"


def test_restart_repeats_the_input_under_a_new_id(patterns: HostedApp) -> None:
    first = patterns.start("echo", {"n": 1})
    patterns.wait(first)
    second = patterns.http.post(f"{API}/instances/{first}/restart").json()["id"]
    assert second != first
    assert patterns.wait(second)["output"] == {"n": 1}


def test_a_purged_instance_is_unknown(patterns: HostedApp) -> None:
    instance_id = patterns.start("echo", "x" * 100_000)
    patterns.wait(instance_id)
    path = f"{API}/instances/{instance_id}"
    assert patterns.http.delete(path).json() == {"instancesDeleted": 1}
    assert [patterns.http.get(path).status_code, patterns.http.delete(path).status_code] == [404, 404]
    assert patterns.tell(instance_id, "terminate") == 404


def test_instances_are_listed_by_filter_and_page(patterns: HostedApp) -> None:
    ids = [patterns.start("echo", {}, f"listed-{number}") for number in range(3)]
    for instance_id in ids:
        patterns.wait(instance_id)
    query = {"instanceIdPrefix": "listed-", "runtimeStatus": "Completed", "top": "2"}
    first = patterns.http.get(f"{API}/instances", params=query)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = patterns.http.get(f"{API}/instances", params=query, headers=token)
    assert [item["instanceId"] for item in [*first.json(), *second.json()]] == ids


def test_purging_by_filter_needs_a_beginning_and_takes_only_ended_instances(patterns: HostedApp) -> None:
    assert patterns.http.delete(f"{API}/instances").status_code == 400
    nothing = patterns.http.delete(f"{API}/instances", params={"createdTimeFrom": "2100-01-01T00:00:00Z"})
    assert nothing.status_code == 404


def test_a_child_of_an_id_in_use_fails_in_its_parent(patterns: HostedApp) -> None:
    patterns.start("wait_for_end", instance_id="occupied")
    status = patterns.run("starts_child_of_id", "occupied")
    assert "already exists" in status["output"]
    patterns.tell("occupied", "terminate")


def test_a_terminated_child_fails_in_its_parent(patterns: HostedApp) -> None:
    parent = patterns.start("starts_child_of_id", "child-to-terminate")
    patterns.wait("child-to-terminate", "Running")
    patterns.tell("child-to-terminate", "terminate")
    assert patterns.wait(parent)["runtimeStatus"] == "Failed"


def test_an_unknown_activity_fails_the_task(patterns: HostedApp) -> None:
    assert "The function 'no_such_activity' doesn't exist" in patterns.run("calls_the_unknown")["output"]


def test_times_of_a_status_are_whole_seconds(patterns: HostedApp) -> None:
    status = patterns.run("chaining")
    assert [len(status[key]) for key in ("createdTime", "lastUpdatedTime")] == [20, 20]
