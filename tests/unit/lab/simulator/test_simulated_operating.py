"""What a portal says of ``operating``, and when it refuses a method (API facts §2.2)."""

import time
from typing import Any

LIMIT = ("--page-ms", "0", "--operating-ms", "1500", "--operating-limit", "2")


def test_an_answer_tells_what_its_method_took_so_far(start_portal: Any) -> None:
    portal = start_portal(*LIMIT)
    assert [portal.call("user.get")["time"]["operating"] for _ in range(2)] == [1.5, 3.0]


def test_an_answer_tells_when_the_oldest_basket_drops_out(start_portal: Any) -> None:
    begun = int(time.time())
    answer = start_portal(*LIMIT).call("user.get")
    assert answer["time"]["operating_reset_at"] - 600 >= begun


def test_a_method_that_costs_nothing_shows_zero(start_portal: Any) -> None:
    assert start_portal(*LIMIT).call("server.time")["time"]["operating"] == 0


def test_a_method_above_its_limit_is_refused_while_others_go_on(start_portal: Any) -> None:
    portal = start_portal(*LIMIT)
    answers = [portal.post("user.get") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["error"] == "OPERATION_TIME_LIMIT"
    assert portal.post("department.get").status_code == 200
    assert portal.look("stats")["blocked"] == 1


def test_commands_of_a_batch_are_counted_one_by_one_and_the_batch_is_not(start_portal: Any) -> None:
    answer = start_portal(*LIMIT).call("batch", {"cmd": {"a": "user.get", "b": "department.get", "c": "user.get"}})
    times = answer["result"]["result_time"]
    assert [times[key]["operating"] for key in "abc"] == [1.5, 1.5, 3.0]
    assert answer["time"]["operating"] == 0


def test_a_blocked_method_fails_inside_a_batch_that_succeeds(start_portal: Any) -> None:
    portal = start_portal(*LIMIT)
    answer = portal.post("batch", {"cmd": dict.fromkeys("abc", "user.get") | {"d": "department.get"}})
    sections = answer.json()["result"]
    assert answer.status_code == 200
    assert {key: one["error"] for key, one in sections["result_error"].items()} == {"c": "OPERATION_TIME_LIMIT"}
    assert sections["result"].keys() == sections["result_time"].keys() == {"a", "b", "d"}


def test_a_method_is_free_again_when_its_baskets_are_empty(start_portal: Any) -> None:
    portal = start_portal(*LIMIT, "--operating-window", "1")
    while portal.post("user.get").status_code == 200:
        pass
    deadline = time.monotonic() + 10
    while (answer := portal.post("user.get")).status_code == 429 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer.status_code == 200


def test_pages_that_sleep_book_what_they_slept(start_portal: Any) -> None:
    assert start_portal("--page-ms", "110").call("user.get")["time"]["operating"] == 0.11


def test_a_self_hosted_portal_limits_nothing_and_keeps_no_account(start_portal: Any) -> None:
    portal = start_portal(*LIMIT, "--rate", "1", "--burst", "1", "--box")
    answers = [portal.call("batch", {"cmd": {"a": "user.get"}}) for _ in range(5)]
    assert {"operating", "operating_reset_at"}.isdisjoint(answers[-1]["time"])
    assert {"operating", "operating_reset_at"}.isdisjoint(answers[-1]["result"]["result_time"]["a"])
    assert "result" in portal.call("user.get")
