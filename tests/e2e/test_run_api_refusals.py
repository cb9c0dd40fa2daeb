"""What the run API says to requests that it cannot serve, through a real host."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from lab.api import Api
from lab.system import Portal, System

# Slow enough for a run to be still there when the second request comes.
SLOW = Portal(users=400, rate=100_000.0, burst=100_000, page_ms=400)


@pytest.fixture(scope="module")
def system(start_shared_system: Callable[..., System]) -> System:
    return start_shared_system(SLOW)


@pytest.fixture(scope="module")
def api(system: System) -> Iterator[Api]:
    api = system.api()
    yield api
    api.close()


def _problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"mode": "full"}, "plan"),
        ({"plan": 7, "mode": "full"}, "plan"),
        ({"plan": "bitrix24_onprem"}, "mode"),
        ({"plan": "bitrix24_onprem", "mode": "half"}, "mode: expected full or delta or dry_run or validate"),
        ({"plan": "bitrix24_onprem\n", "mode": "full"}, "plan: has control characters"),
        ({"plan": "bitrix24_onprem", "mode": "full", "entities": ["us\u0007er"]}, "has control characters"),
        ({"plan": "bitrix24_onprem", "mode": "full", "entities": "user"}, "entities"),
        ({"plan": "bitrix24_onprem", "mode": "full", "entities": ["usr"]}, "usr"),
        ({"plan": "bitrix24_onprem", "mode": "full", "options": {"sample": -0.1}}, "sample"),
        ({"plan": "bitrix24_onprem", "mode": "full", "options": {"failure_threshold": -1}}, "failure_threshold"),
        ({"plan": "bitrix24_onprem", "mode": "full", "options": []}, "options"),
        ({"plan": "bitrix24_onprem", "mode": "delta", "since": "yesterday"}, "since"),
        ({"plan": "bitrix24_onprem", "mode": "full", "since": "2025-11-01T00:00:00Z"}, "since: goes with mode delta"),
        (
            {"plan": "bitrix24_onprem", "mode": "dry_run", "since": "2025-11-01T00:00:00Z"},
            "since: goes with mode delta",
        ),
        ([], "object"),
    ],
)
def test_a_request_with_a_wrong_value_is_told_what_was_expected(api: Api, body: Any, names: str) -> None:
    answer = api.post("/runs", body)
    assert answer.status_code == 400
    problem = _problem(answer)
    assert problem["code"] == "INVALID_REQUEST"
    assert names in str(problem)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"nonsense"])
def test_a_body_that_is_no_json_is_a_problem_document(api: Api, content: bytes) -> None:
    answer = api.post("/runs", content=content)
    assert answer.status_code == 400
    assert _problem(answer)["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/runs?plann=bitrix24_onprem", "expected plan, state"),
        ("/runs?limit=0", "limit: expected a whole number from 1"),
        ("/runs?plan=nowhere", "expected one of bitrix24_onprem"),
        ("/runs?state=asleep", "expected one of queued"),
        ("/runs?state=", "state: is empty"),
        ("/dead-letters?run_id=a%0Ab", "run_id: has control characters"),
        ("/runs/r-1/flaws?kind=odd", "expected one of flawed"),
        ("/runs/r-1/flaws?after=17", "after: expected what an answer gave as next"),
        ("/plans?state=running", "takes none"),
        ("/plans/bitrix24_onprem?full=1", "takes none"),
        ("/runs/r-1?watch=1", "takes none"),
        ("/doctor?quick=", "takes none"),
    ],
)
def test_a_query_with_a_wrong_name_or_value_is_told_what_was_expected(api: Api, path: str, names: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 400
    problem = _problem(answer)
    assert problem["code"] == "INVALID_REQUEST"
    assert names in problem["detail"]


@pytest.mark.parametrize("path", ["/runs?mode=dry_run", "/runs/r-1/cancel?force=1"])
def test_a_query_that_would_go_unheard_stops_a_change(api: Api, path: str) -> None:
    answer = api.post(path, {"plan": "bitrix24_onprem", "mode": "full"})
    assert (answer.status_code, "takes none" in _problem(answer)["detail"]) == (400, True)


def test_the_key_may_stand_in_the_query(system: System) -> None:
    answer = httpx.get(f"{system.hosts[0].ready()}/api/runs", params={"code": system.keys.function})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"entities": ["usr"]}, "usr"),
        ({"entities": []}, "entities"),
        ({"entities": "user"}, "entities"),
        ({"mode": "full"}, "mode"),
        ([], "an object with entities, or nothing"),
    ],
)
def test_a_preview_of_what_makes_no_sense_is_told_what_was_expected(api: Api, body: Any, names: str) -> None:
    problem = _problem(api.post("/plans/bitrix24_onprem/preview", body))
    assert (problem["code"], problem["status"], names in str(problem)) == ("INVALID_REQUEST", 400, True)


@pytest.mark.parametrize(("path", "plan"), [("/runs", "nowhere"), ("/plans/nowhere/preview", None)])
def test_an_unknown_plan_is_not_found(api: Api, path: str, plan: str | None) -> None:
    answer = api.post(path, {"plan": plan, "mode": "full"} if plan else {})
    assert answer.status_code == 404
    assert _problem(answer)["code"] == "UNKNOWN_PLAN"


def test_an_unknown_run_is_not_found(api: Api) -> None:
    answer = api.get("/runs/no-such-run")
    assert answer.status_code == 404
    assert _problem(answer)["code"] == "UNKNOWN_RUN"


@pytest.mark.parametrize("path", ["/runs/{}", "/runs/{}/flaws", "/dead-letters?run_id={}", "/plans/{}"])
def test_a_long_id_is_not_echoed_whole(api: Api, path: str) -> None:
    detail = _problem(api.get(path.format("x" * 1000)))["detail"]
    assert ("x" * 79 in detail, "x" * 81 in detail) == (True, False)


def test_control_characters_of_an_id_are_echoed_escaped(api: Api) -> None:
    detail = _problem(api.get("/runs/a%1Bb"))["detail"]
    assert detail == "There is no run a\\u001bb"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"options": {"failure_threshold": 2}}, 400),
        ({"options": {"task_files": True}}, 400),
        ({"failure_threshold": 0.5}, 400),
        ({"options": {"failure_threshold": 0.5}}, 404),
    ],
)
def test_a_resume_takes_a_failure_threshold_and_nothing_else(api: Api, body: Any, status: int) -> None:
    answer = api.post("/runs/r-nowhere/resume", body)
    assert (answer.status_code, _problem(answer)["status"]) == (status, status)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/runs", "GET, POST"),
        ("DELETE", "/runs/r-1", "GET"),
        ("GET", "/runs/r-1/pause", "POST"),
        ("POST", "/plans", "GET"),
        ("GET", "/plans/bitrix24_onprem/preview", "POST"),
        ("POST", "/health", "GET"),
        ("PATCH", "/openapi.json", "GET"),
        ("DELETE", "/dead-letters", "GET"),
        ("POST", "/runs/r-1/flaws", "GET"),
        ("POST", "/metrics", "GET"),
        ("POST", "/dead-letters/causes", "GET"),
    ],
)
def test_a_wrong_method_is_told_which_ones_a_route_takes(system: System, method: str, path: str, allowed: str) -> None:
    key = {"x-functions-key": system.keys.function}
    answer = httpx.request(method, f"{system.hosts[0].ready()}/api{path}", headers=key)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert _problem(answer)["code"] == "METHOD_NOT_ALLOWED"


def test_a_request_without_the_function_key_is_refused(system: System) -> None:
    answer = httpx.get(f"{system.hosts[0].ready()}/api/runs")
    assert answer.status_code == 401


def test_health_needs_no_key(system: System) -> None:
    assert httpx.get(f"{system.hosts[0].ready()}/api/health").status_code == 200


def _start_named(system: System, key: str, **request: Any) -> httpx.Response:
    headers = {"x-functions-key": system.keys.function, "Idempotency-Key": key}
    body = {"plan": "bitrix24_onprem", "mode": "dry_run", **request}
    return httpx.post(f"{system.hosts[0].ready()}/api/runs", headers=headers, json=body, timeout=30)


def test_a_start_is_known_again_by_its_key(system: System, api: Api) -> None:
    first, second = (_start_named(system, "key-1", entities=["department"]) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    assert len(api.get("/runs?plan=bitrix24_onprem").json()) == 1


def test_a_key_of_another_request_is_refused(system: System) -> None:
    _start_named(system, "key-2", entities=["department"])
    answer = _start_named(system, "key-2", entities=["department", "user"])
    assert (answer.status_code, _problem(answer)["code"]) == (422, "KEY_REUSED")


@pytest.mark.parametrize("key", ["", "two words", "x" * 201])
def test_a_key_is_a_short_word(system: System, key: str) -> None:
    problem = _problem(_start_named(system, key))
    assert (problem["code"], "Idempotency-Key" in problem["detail"]) == ("INVALID_REQUEST", True)


def test_a_second_run_of_a_plan_is_refused_while_the_first_goes_on(api: Api) -> None:
    run_id = api.start()
    answer = api.post("/runs", {"plan": "bitrix24_onprem", "mode": "full"})
    assert answer.status_code == 409
    problem = _problem(answer)
    assert problem["code"] == "RUN_ALREADY_ACTIVE"
    assert run_id in str(problem)
    api.act(run_id, "cancel")
    api.wait(run_id, {"cancelled"})
