"""What ``portage plan`` sends, shows, and ends with."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage

PATH = "POST /api/plans/bitrix24_onprem/preview"
KNOWN: dict[str, Any] = {
    "name": "user",
    "count": 1200,
    "count_note": None,
    "estimated": False,
    "calls": 3,
    "target_calls": 12,
}
GUESSED: dict[str, Any] = {**KNOWN, "name": "chat_message", "count": 484, "estimated": True, "target_calls": None}
UNKNOWN: dict[str, Any] = {**KNOWN, "name": "chat", "count": None, "count_note": "the list goes on", "calls": None}
TOTALS: dict[str, Any] = {
    "records": 1684,
    "source_calls": 7200,
    "target_calls": 12,
    "proof_calls": 14,
    "hours": 1.5,
    "source_hours": 1.5,
    "target_hours": 0.01,
    "media_bytes": 4_200_000_000,
    "media_note": "50 posts",
    "stored_bytes": 5_700,
    "incomplete": ["chat"],
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def finding(severity: str, message: str = "scope crm: lacking") -> dict[str, str]:
    return {"severity": severity, "code": "source.scope_missing", "message": message, "fix": "Tick crm"}


def preview(*findings: dict[str, str]) -> dict[str, Any]:
    return {
        "plan": "bitrix24_onprem",
        "entities": [KNOWN, GUESSED, UNKNOWN],
        "totals": TOTALS,
        "findings": list(findings),
        "webhooks": [],
        "modules": [],
        "target": None,
    }


def test_a_preview_asks_for_all_entities_or_for_those_that_were_named(api: StandIn) -> None:
    api.answers[PATH] = [(200, preview())]
    portage("plan", "bitrix24_onprem", env=connected(api))
    portage("plan", "bitrix24_onprem", "--entity", "user", "--entity", "chat", env=connected(api))
    assert [request.body for request in api.requests] == [{}, {"entities": ["user", "chat"]}]


def test_entities_are_shown_with_counts_and_calls_and_what_is_a_guess(api: StandIn) -> None:
    api.answers[PATH] = [(200, preview())]
    lines = portage("plan", "bitrix24_onprem", env=connected(api)).stdout.splitlines()
    rows = [line.split() for line in lines[1:4]]
    assert rows == [
        ["user", "1,200", "3", "12"],
        ["chat_message", "~484", "3", "-"],
        ["chat", "?", "?", "12", "the", "list", "goes", "on"],
    ]


def test_totals_say_how_long_it_takes_and_what_they_do_not_know(api: StandIn) -> None:
    api.answers[PATH] = [(200, preview())]
    lines = portage("plan", "bitrix24_onprem", env=connected(api)).stdout.splitlines()
    assert "total: at least 1,684 records; 7,200 calls to the source, 12 to write, 14 to prove it" in lines
    assert "time: at least 1 h 30 min (reading 1 h 30 min, writing 36 s, at once)" in lines
    assert "storage: about 5.7 kB; files: about 4.2 GB (50 posts)" in lines
    assert "not in the totals: chat" in lines


def test_findings_are_grouped_with_the_blockers_last(api: StandIn) -> None:
    found = (finding("blocker", "b"), finding("warning", "w"), finding("info", "i"))
    api.answers[PATH] = [(200, preview(*found))]
    lines = portage("plan", "bitrix24_onprem", env=connected(api)).stdout.splitlines()
    shown = [line for line in lines if line in ("info:", "warnings:", "blockers:", "  i", "  w", "  b")]
    assert shown == ["info:", "  i", "warnings:", "  w", "blockers:", "  b"]
    assert lines[-1] == "    fix: Tick crm"


@pytest.mark.parametrize(("severities", "exit_code"), [((), 0), (("info", "warning"), 0), (("info", "blocker"), 7)])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_exit_code_tells_whether_there_are_blockers(
    api: StandIn, severities: tuple[str, ...], exit_code: int, options: tuple[str, ...]
) -> None:
    api.answers[PATH] = [(200, preview(*map(finding, severities)))]
    assert portage("plan", "bitrix24_onprem", *options, env=connected(api)).exit_code == exit_code


def test_json_is_passed_on_byte_for_byte(api: StandIn) -> None:
    api.answers[PATH] = [(200, b'{ "plan":"x",  "new":[1,2] }')]
    result = portage("plan", "bitrix24_onprem", "--json", env=connected(api))
    assert result.stdout_bytes == b'{ "plan":"x",  "new":[1,2] }\n'


def test_an_unknown_plan_is_refused_with_the_words_of_the_api(api: StandIn) -> None:
    problem = {"title": "There is no such plan", "status": 404, "code": "UNKNOWN_PLAN", "detail": "no plan 'x'"}
    api.answers["POST /api/plans/x/preview"] = [(404, problem)]
    result = portage("plan", "x", env=connected(api))
    assert (result.exit_code, "UNKNOWN_PLAN" in result.stderr) == (4, True)
