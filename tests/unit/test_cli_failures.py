"""What a failing command says, and the exit code it leaves."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import KEY, StandIn, connected, portage

ACTIVE = {
    "type": "about:blank",
    "title": "A run of this plan has not ended",
    "status": 409,
    "detail": "r-0 is running",
    "code": "RUN_ALREADY_ACTIVE",
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def refused(api: StandIn, status: int, body: Any) -> tuple[int, str]:
    api.answers["POST /api/runs"] = [(status, body)]
    result = portage("run", "bitrix24_onprem", env=connected(api))
    assert result.stdout == ""
    return result.exit_code, result.stderr


def test_a_refusal_is_one_line_with_title_code_and_detail(api: StandIn) -> None:
    line = "error: A run of this plan has not ended (RUN_ALREADY_ACTIVE): r-0 is running\n"
    assert refused(api, 409, ACTIVE) == (4, line)


def test_a_hint_of_the_api_follows_the_error(api: StandIn) -> None:
    _, said = refused(api, 409, {**ACTIVE, "hint": "wait for it"})
    assert said.splitlines()[1:] == ["hint: wait for it"]


def test_what_is_wrong_with_single_fields_is_said_once(api: StandIn) -> None:
    errors = [{"field": "mode", "message": "unknown"}, {"field": "since", "message": "no instant"}]
    body = {"title": "Not valid", "detail": "mode: unknown", "code": "INVALID_REQUEST", "errors": errors}
    assert refused(api, 400, body) == (4, "error: Not valid (INVALID_REQUEST): mode: unknown\n  since: no instant\n")


def test_many_wrong_fields_are_cut_short(api: StandIn) -> None:
    errors = [{"field": f"f{number}", "message": "bad"} for number in range(20)]
    _, said = refused(api, 400, {"title": "Not valid", "code": "INVALID_REQUEST", "errors": errors})
    assert said.splitlines()[-1] == "  and 15 more"


def test_a_problem_document_with_5xx_is_a_refusal(api: StandIn) -> None:
    exit_code, _ = refused(api, 503, {"title": "A setting is missing", "code": "NOT_CONFIGURED"})
    assert exit_code == 4


@pytest.mark.parametrize("status", [502, 503, 504])
def test_5xx_without_a_problem_document_is_an_api_that_does_not_answer(api: StandIn, status: int) -> None:
    assert refused(api, status, b"<html>starting</html>") == (5, f"error: the API answered HTTP {status}\n")


def test_another_service_on_the_port_is_recognised(api: StandIn) -> None:
    exit_code, said = refused(api, 200, b"<html>hello</html>")
    assert (exit_code, "is not the Portage API" in said) == (5, True)


def test_a_redirection_is_not_followed(api: StandIn) -> None:
    assert refused(api, 302, b"")[0] == 5


def test_control_characters_in_a_problem_do_not_reach_the_terminal(api: StandIn) -> None:
    assert "\x1b" not in refused(api, 409, {**ACTIVE, "detail": "\x1b[2Jgone"})[1]


def test_a_wrong_key_is_named_by_its_source_only(api: StandIn) -> None:
    result = portage("plans", env=connected(api, key="wrong-key"))
    assert result.exit_code == 6
    assert result.stderr.splitlines()[0] == "error: the API did not accept the function key from PORTAGE_FUNCTION_KEY"
    assert "wrong-key" not in result.output


def test_a_missing_key_is_told_with_the_places_for_it(api: StandIn) -> None:
    result = portage("plans", env={"PORTAGE_URL": api.url})
    assert (result.exit_code, "PORTAGE_FUNCTION_KEY" in result.stderr) == (6, True)


def test_the_key_goes_into_its_header_only(api: StandIn) -> None:
    api.answers["GET /api/plans"] = [(200, [])]
    portage("plans", env=connected(api))
    carrying = {name.lower() for name, value in api.requests[0].headers.items() if KEY in value}
    assert (carrying, KEY in api.requests[0].query) == ({"x-functions-key"}, False)


def test_an_api_that_is_not_there_is_told_with_what_to_do() -> None:
    result = portage("plans", "--url", "http://127.0.0.1:1")
    first, second = result.stderr.splitlines()
    assert result.exit_code == 5
    assert first.startswith("error: no answer from the API at http://127.0.0.1:1")
    assert "make serve" in second


@pytest.mark.parametrize(
    "command",
    [
        ("status", ""),
        ("status", " "),
        ("status", "--plan", ""),
        ("pause", ""),
        ("resume", ""),
        ("cancel", ""),
        ("run", ""),
    ],
)
def test_an_empty_name_is_a_usage_error(api: StandIn, command: tuple[str, ...]) -> None:
    result = portage(*command, env=connected(api))
    assert (result.exit_code, "is empty" in result.stderr, api.requests) == (2, True, [])


def test_a_mode_that_nobody_knows_is_a_usage_error(api: StandIn) -> None:
    result = portage("run", "bitrix24_onprem", "--mode", "half", env=connected(api))
    assert (result.exit_code, "dry_run" in result.stderr, api.requests) == (2, True, [])


@pytest.mark.parametrize("option", ["sample", "=1", ""])
def test_an_option_that_is_no_pair_is_a_usage_error(api: StandIn, option: str) -> None:
    result = portage("run", "bitrix24_onprem", "--option", option, env=connected(api))
    assert (result.exit_code, api.requests) == (2, [])
