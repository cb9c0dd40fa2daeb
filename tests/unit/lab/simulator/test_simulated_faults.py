"""Everything that goes wrong with a request on purpose (API facts §1.5, §9.2, §9.4)."""

from typing import Any

import httpx
import pytest

ALWAYS = ("--faults", "1", "--slow-ms", "1")


def _only(start_portal: Any, kind: str, *others: str) -> Any:
    return start_portal(*ALWAYS, "--fault-kinds", kind, *others)


@pytest.mark.parametrize(
    ("kind", "status", "beginning"),
    [
        ("error_500", 500, '{"error":"INTERNAL_SERVER_ERROR"'),
        ("unexpected_500", 500, '{"error":"error_unexpected_answer"'),
        ("html_403", 403, "<html>"),
        ("html_500", 500, "<html>"),
        ("html_502", 502, "<html>"),
        ("empty_504", 504, ""),
        ("empty_503", 503, ""),
        ("empty_200", 200, ""),
        ("cut_short", 200, '{"result":['),
        ("throttled_200", 200, '{"error":"QUERY_LIMIT_EXCEEDED"'),
        ("html_302", 302, "<html>"),
    ],
)
def test_a_fault_answers_in_place_of_the_method(start_portal: Any, kind: str, status: int, beginning: str) -> None:
    portal = _only(start_portal, kind)
    answer = portal.post("user.add")
    assert (answer.status_code, answer.text[: len(beginning) or None]) == (status, beginning)
    assert portal.look("stats")["writes"] == 0


def test_a_redirect_says_where_to(start_portal: Any) -> None:
    assert _only(start_portal, "html_302").post("user.get").headers["location"].startswith("https://")


def test_a_connection_breaks_without_an_answer(start_portal: Any) -> None:
    portal = _only(start_portal, "reset")
    with pytest.raises(httpx.TransportError):
        portal.post("user.add")
    assert portal.look("stats")["writes"] == 0


def test_a_slow_answer_comes_in_the_end(start_portal: Any) -> None:
    assert _only(start_portal, "slow").post("user.get").status_code == 200


def test_a_late_answer_finds_a_client_that_gave_up_on_a_write_that_was_done(start_portal: Any) -> None:
    portal = _only(start_portal, "late", "--slow-ms", "60000")
    with pytest.raises(httpx.ReadTimeout):
        portal.http.post(f"{portal.url}/rest/1/secret/user.add", timeout=0.2)
    assert portal.look("stats")["writes"] == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("batch_error_500", "INTERNAL_SERVER_ERROR"),
        ("batch_operating", "OPERATION_TIME_LIMIT"),
        ("batch_scope", "insufficient_scope"),
    ],
)
def test_some_commands_of_a_batch_fail_and_the_others_succeed(start_portal: Any, kind: str, error: str) -> None:
    commands = {f"c{number}": "server.time" for number in range(20)}
    sections = _only(start_portal, kind).batch(commands)
    assert len(sections["result_error"]) == 4
    assert {one["error"] for one in sections["result_error"].values()} == {error}
    assert sections["result"].keys() == commands.keys() - sections["result_error"].keys()


def test_a_batch_may_be_silent_about_some_of_its_commands(start_portal: Any) -> None:
    sections = _only(start_portal, "batch_silent").batch({f"c{number}": "server.time" for number in range(20)})
    assert [len(sections[name]) for name in ("result", "result_time", "result_error")] == [16, 16, 0]


def test_a_lacking_scope_in_a_batch_has_no_description(start_portal: Any) -> None:
    sections = _only(start_portal, "batch_scope").batch({"c": "server.time"})
    assert sections["result_error"] == {"c": {"error": "insufficient_scope", "error_description": ""}}


def test_faults_of_commands_do_not_touch_single_calls(start_portal: Any) -> None:
    assert _only(start_portal, "batch_scope").post("server.time").status_code == 200


def test_the_same_seed_brings_the_same_faults(start_portal: Any) -> None:
    kinds = ("--faults", "0.5", "--fault-kinds", "error_500,html_502,empty_503", "--fault-seed", "5")
    portals = [start_portal(*kinds) for _ in range(2)]
    first, second = ([portal.post("server.time").status_code for _ in range(12)] for portal in portals)
    assert first == second
    assert len(set(first)) > 1


def test_faults_are_switched_and_counted_while_it_runs(start_portal: Any) -> None:
    portal = start_portal()
    portal.mode(faults=1, kinds=["error_500"])
    assert portal.post("server.time").status_code == 500
    portal.mode(faults=0)
    assert portal.post("server.time").status_code == 200
    assert portal.look("stats")["faults"] == {"error_500": 1}


def test_a_portal_that_is_down_answers_html_to_everything_but_its_control_plane(start_portal: Any) -> None:
    portal = start_portal()
    portal.mode(down=True)
    answer = portal.post("server.time")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (502, "text/html")
    assert portal.look("stats")["requests"] == 0
    portal.mode(down=False)
    assert portal.post("server.time").status_code == 200


def test_the_kinds_of_the_default_pass_when_the_call_is_repeated(start_portal: Any) -> None:
    kinds = set(start_portal("--faults", "0.1").mode()["kinds"])
    assert kinds & {"error_500", "reset", "late", "batch_error_500"}
    assert not kinds & {"html_302", "batch_operating", "batch_scope"}


def test_a_request_that_runs_too_long_is_cut_off_with_part_of_it_done(start_portal: Any) -> None:
    portal = start_portal("--timeout", "0.3", "--page-ms", "60000")
    answer = portal.post("batch", {"cmd": {"a": "user.add", "b": "user.get", "c": "user.add"}})
    assert (answer.status_code, answer.content) == (504, b"")
    assert portal.look("stats")["writes"] == 1
