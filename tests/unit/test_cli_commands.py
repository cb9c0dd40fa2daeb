"""What each command sends, and what it shows of the answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.exits import ExitCode
from tests.unit.api_stand_in import KEY, StandIn, connected, entity, portage, status

ODD_JSON = '{ "run_id":"r-1",  "state":"running", "message":"шлюз", "new_member":[1,2] }'.encode()


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def sent(api: StandIn, *arguments: str) -> Any:
    api.answers["POST /api/runs"] = [(202, {"run_id": "r-1", "status_url": "/api/runs/r-1"})]
    assert portage("run", "bitrix24_onprem", *arguments, env=connected(api)).exit_code == 0
    return api.requests[-1].body


def test_a_run_asks_for_no_more_than_what_was_said(api: StandIn) -> None:
    assert sent(api) == {"plan": "bitrix24_onprem", "mode": "full"}


def test_a_run_carries_its_mode_and_entities(api: StandIn) -> None:
    body = sent(api, "--mode", "dry_run", "--entity", "user", "--entity", "group")
    assert body == {"plan": "bitrix24_onprem", "mode": "dry_run", "entities": ["user", "group"]}


def test_options_of_a_run_are_json_where_they_can_be_and_text_where_not(api: StandIn) -> None:
    body = sent(api, "--option", "task_files=true", "--option", "sample=0.2", "--option", "note=a=b")
    assert body["options"] == {"task_files": True, "sample": 0.2, "note": "a=b"}


def test_a_started_run_is_told_with_the_way_to_watch_it(api: StandIn) -> None:
    api.answers["POST /api/runs"] = [(202, {"run_id": "r-1"})]
    result = portage("run", "bitrix24_onprem", env=connected(api))
    assert result.stdout == "run r-1 started; watch it with: portage status r-1 --watch\n"


STARTED = {"run_id": "r-1", "status_url": "/api/runs/r-1"}


def test_a_start_whose_answer_was_lost_is_asked_for_again_under_the_same_name(api: StandIn) -> None:
    api.answers["POST /api/runs"] = [(0, b""), (200, STARTED)]
    result = portage("run", "bitrix24_onprem", env=connected(api))
    assert (result.exit_code, "run r-1 started" in result.stdout) == (0, True)
    first, second = (request.headers["Idempotency-Key"] for request in api.requests)
    assert first == second


def test_each_start_has_a_name_of_its_own(api: StandIn) -> None:
    api.answers["POST /api/runs"] = [(202, STARTED)]
    for _ in range(2):
        portage("run", "bitrix24_onprem", env=connected(api))
    assert len({request.headers["Idempotency-Key"] for request in api.requests}) == 2


def test_a_start_that_was_refused_is_not_repeated(api: StandIn) -> None:
    problem = {"title": "A run of this plan has not ended", "code": "RUN_ALREADY_ACTIVE", "detail": "Run r-9"}
    api.answers["POST /api/runs"] = [(409, problem)]
    assert portage("run", "bitrix24_onprem", env=connected(api)).exit_code == ExitCode.REFUSED
    assert len(api.requests) == 1


def test_nothing_else_that_changes_something_is_repeated_by_itself(api: StandIn) -> None:
    api.answers["POST /api/runs/r-1/pause"] = [(0, b""), (200, {})]
    result = portage("pause", "r-1", env=connected(api))
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "may have been carried out" in result.stderr
    assert len(api.requests) == 1


def test_json_is_passed_on_byte_for_byte(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, ODD_JSON)]
    result = portage("status", "r-1", "--json", env=connected(api))
    assert result.stdout_bytes == ODD_JSON + b"\n"


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [
        ("queued", 0),
        ("running", 0),
        ("paused", 0),
        ("completed", 0),
        ("completed_with_errors", 3),
        ("halted", 1),
        ("failed", 1),
        ("cancelled", 1),
        ("rolled_back", 1),
    ],
)
def test_the_exit_code_of_status_tells_the_state(api: StandIn, state: str, exit_code: int) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, status(state))]
    assert portage("status", "r-1", env=connected(api)).exit_code == exit_code


def test_a_status_that_lacks_almost_everything_is_shown(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, {"run_id": "r-1", "state": "migrating", "entities": {"user": {}}})]
    result = portage("status", "r-1", env=connected(api))
    assert (result.exit_code, "migrating" in result.stdout, "0/?" in result.stdout) == (0, True, True)


def test_a_halted_run_is_shown_with_its_reason_what_helps_and_the_way_on(api: StandIn) -> None:
    halted = status("halted", reason="target.unauthorised", message="the gateway answered 401")
    api.answers["GET /api/runs/r-1"] = [(200, halted)]
    lines = portage("status", "r-1", env=connected(api)).stdout.splitlines()
    assert lines[-2:] == [
        "target.unauthorised: the gateway answered 401 - Put a valid code into PORTAGE_GATEWAY_URL.",
        "go on with: portage resume r-1",
    ]


def test_a_run_of_a_plan_that_has_changed_is_not_said_to_go_on(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, status("halted", reason="plan.changed", message="another plan"))]
    said = portage("status", "r-1", env=connected(api)).stdout
    assert "portage resume" not in said
    assert "it cannot go on: portage cancel r-1, then portage run bitrix24_onprem; what is in stays" in said


def test_a_run_that_waits_is_shown_with_the_side_and_what_it_said(api: StandIn) -> None:
    waiting = {"waiting_on": "source", "waiting_since": "2025-11-03T10:07:00Z", "waiting_reason": "HTTP 502 (x.y)"}
    api.answers["GET /api/runs/r-1"] = [(200, status(**waiting))]
    shown = portage("status", "r-1", env=connected(api)).stdout
    assert "waiting on source since 10:07:00Z; HTTP 502 (x.y); the run goes on by itself when it answers" in shown


def test_an_entity_that_rests_is_shown_with_the_instant_and_the_reason(api: StandIn) -> None:
    wait = {"pages": 2, "until": "2999-11-03T10:07:00Z", "reason": "source.operating_limit", "message": "it rests"}
    api.answers["GET /api/runs/r-1"] = [(200, status(entities={"user": {**entity(None, 1), "waiting": wait}}))]
    shown = portage("status", "r-1", env=connected(api)).stdout
    assert "user: 2 pages wait until 10:07:00Z, source.operating_limit: it rests" in shown


@pytest.mark.parametrize("columns", ["40", "80", "160"])
def test_a_dry_run_shows_what_it_would_import_and_nothing_as_imported(api: StandIn, columns: str) -> None:
    entities = {"user": entity(1, 1, extracted=3, imported=3)}
    api.answers["GET /api/runs/r-1"] = [(200, status("completed", mode="dry_run", entities=entities))]
    shown = portage("status", "r-1", env={**connected(api), "COLUMNS": columns}).stdout
    assert ("would import" in shown, "imported" in shown) == (True, False)


def test_an_entity_that_was_stopped_alone_says_why(api: StandIn) -> None:
    stopped = {**entity(None, 0), "blocked_by": "source.denied", "message": "scope sonet_group"}
    api.answers["GET /api/runs/r-1"] = [(200, status(entities={"group": stopped}))]
    assert "group: stopped, source.denied: scope sonet_group" in portage("status", "r-1", env=connected(api)).stdout


def test_status_without_a_run_shows_the_newest(api: StandIn) -> None:
    api.answers["GET /api/runs"] = [(200, [status(run_id="r-2"), status(run_id="r-1")])]
    api.answers["GET /api/runs/r-2"] = [(200, status("completed", run_id="r-2"))]
    assert portage("status", env=connected(api)).stdout.startswith("run r-2 ")


def test_status_looks_for_the_newest_run_of_a_plan(api: StandIn) -> None:
    api.answers["GET /api/runs"] = [(200, [])]
    portage("status", "--plan", "bitrix24_onprem", "--state", "paused", env=connected(api))
    assert api.requests[0].query == "plan=bitrix24_onprem&state=paused&limit=1"


def test_no_run_yet_is_no_failure(api: StandIn) -> None:
    api.answers["GET /api/runs"] = [(200, [])]
    result = portage("status", env=connected(api))
    assert (result.exit_code, "portage run PLAN" in result.stdout) == (0, True)


def test_all_runs_are_listed_in_the_order_of_the_api(api: StandIn) -> None:
    api.answers["GET /api/runs"] = [(200, [status(run_id="r-2"), status("failed", run_id="r-1")])]
    result = portage("status", "--all", env=connected(api))
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["run", "r-2", "r-1"]


def test_a_list_of_runs_that_goes_on_names_the_command_for_the_rest(api: StandIn) -> None:
    api.answers["GET /api/runs"], api.following = [(200, [status(run_id="r-2")])], f"{api.url}/api/runs?after=r-2"
    shown = portage("status", "--all", "--state", "paused", "--limit", "1", env=connected(api)).stdout
    assert shown.splitlines()[-1] == "more: portage status --all --state paused --limit 1 --after r-2"


def test_the_rest_of_the_runs_is_asked_for_behind_the_last_that_was_shown(api: StandIn) -> None:
    api.answers["GET /api/runs"] = [(200, [])]
    result = portage("status", "--all", "--after", "r-2", env=connected(api))
    assert (api.requests[0].query, result.stdout) == ("after=r-2", "there are no more runs\n")


@pytest.mark.parametrize(
    "arguments", [("r-1", "--all"), ("r-1", "--plan", "p"), ("--all", "--watch"), ("--limit", "2"), ("--after", "r-1")]
)
def test_a_run_and_a_list_of_runs_do_not_go_together(api: StandIn, arguments: tuple[str, ...]) -> None:
    assert (portage("status", *arguments, env=connected(api)).exit_code, api.requests) == (2, [])


def test_resume_sends_the_new_failure_threshold(api: StandIn) -> None:
    api.answers["POST /api/runs/r-1/resume"] = [(200, status("running"))]
    portage("resume", "r-1", "--failure-threshold", "0.05", env=connected(api))
    assert api.requests[-1].body == {"options": {"failure_threshold": 0.05}}


@pytest.mark.parametrize(("command", "state"), [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")])
def test_an_action_tells_the_state_after_it(api: StandIn, command: str, state: str) -> None:
    api.answers[f"POST /api/runs/r-1/{command}"] = [(200, {"run_id": "r-1", "state": state})]
    result = portage(command, "r-1", env=connected(api))
    assert (result.exit_code, result.stdout) == (0, f"run r-1: {state}\n")


def test_a_run_id_cannot_lead_to_another_route(api: StandIn) -> None:
    portage("status", "a/../../plans?x=1", env=connected(api))
    assert api.requests[0].path == "/api/runs/a%2F..%2F..%2Fplans%3Fx%3D1"


def test_plans_are_shown_with_systems_modes_and_entities(api: StandIn) -> None:
    plan = {
        "plan": "bitrix24_onprem",
        "title": "Cloud to premises",
        "source": "bitrix24",
        "target": "import_gateway",
        "modes": ["full", "dry_run"],
        "entities": [{"name": "department"}, {"name": "user"}],
    }
    api.answers["GET /api/plans"] = [(200, [plan])]
    assert portage("plans", env=connected(api)).stdout.splitlines() == [
        "bitrix24_onprem  Cloud to premises",
        "  from bitrix24 to import_gateway",
        "  modes: full, dry_run",
        "  entities: department, user",
    ]


def test_doctor_shows_settings_with_their_source_and_checks_with_their_fix(api: StandIn) -> None:
    setting = {"name": "PORTAGE_GATEWAY_URL", "value": None, "source": "default"}
    check = {"name": "gateway", "ok": False, "detail": "no address", "fix": "set PORTAGE_GATEWAY_URL"}
    api.answers["GET /api/doctor"] = [(200, {"settings": [setting], "checks": [check]})]
    result = portage("doctor", env=connected(api))
    assert result.exit_code == 1
    assert [line.split() for line in result.stdout.splitlines() if "PORTAGE_GATEWAY_URL" in line] == [
        ["PORTAGE_GATEWAY_URL", "(unset)", "default"],
        ["fix:", "set", "PORTAGE_GATEWAY_URL"],
    ]


@pytest.mark.parametrize(("severity", "word"), [("warning", "WARN"), ("blocker", "FAIL")])
def test_doctor_tells_a_warning_from_what_stands_in_the_way(api: StandIn, severity: str, word: str) -> None:
    check = {"name": "clock", "ok": False, "detail": "late", "fix": "set it", "severity": severity}
    api.answers["GET /api/doctor"] = [(200, {"settings": [], "checks": [check]})]
    result = portage("doctor", env=connected(api))
    assert (f"{word} clock: late" in result.stdout.splitlines(), result.exit_code) == (True, 1)


def test_a_healthy_doctor_ends_well(api: StandIn) -> None:
    api.answers["GET /api/doctor"] = [(200, {"settings": [], "checks": [{"name": "storage", "ok": True}]})]
    assert portage("doctor", env=connected(api)).exit_code == 0


def test_doctor_counts_an_api_that_is_away_as_a_failed_check() -> None:
    result = portage("doctor", "--json", "--url", "http://127.0.0.1:1")
    (check,) = json.loads(result.stdout)["checks"]
    assert (result.exit_code, check["name"], check["ok"]) == (1, "api", False)


def test_doctor_never_shows_the_key(api: StandIn) -> None:
    api.answers["GET /api/doctor"] = [(200, {"settings": [], "checks": []})]
    result = portage("doctor", env=connected(api))
    assert ("function key  set" in result.stdout, KEY in result.output) == (
        True,
        False,
    )
