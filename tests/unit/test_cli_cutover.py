"""``portage cutover`` tells whether to switch; a script may go by its exit code."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage

PATH = "/api/plans/demo/cutover"


def _told(*, go: bool, state: str = "read_only") -> dict[str, Any]:
    says = "go" if go else "no_go"
    return {
        "plan": "demo",
        "state": state,
        "users_work_at": "source",
        "go": go,
        "sheet": [{"check": "final_delta", "says": says, "detail": "run-1 (delta) is completed"}],
        "runs": [],
        "checklist": [{"item": "webhook-1", "what": "Delete it", "due": None, "overdue": False, "done": False}],
        "events": [{"action": "start", "by": "Anna", "at": "2026-01-01T00:00:00+00:00", "about": None, "note": "now"}],
    }


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.mark.parametrize(("go", "code"), [(True, 0), (False, 1)])
def test_only_a_sheet_with_nothing_against_it_is_a_success(api: StandIn, go: bool, code: int) -> None:
    api.answers[f"GET {PATH}"] = [(200, _told(go=go))]
    assert portage("cutover", "status", "demo", env=connected(api)).exit_code == code


def test_the_status_shows_sheet_checklist_and_events(api: StandIn) -> None:
    api.answers[f"GET {PATH}"] = [(200, _told(go=True))]
    told = portage("cutover", "status", "demo", env=connected(api)).stdout
    for part in ("final_delta", "webhook-1", "Anna: start: now", "nothing speaks against the switch"):
        assert part in told


def test_json_is_what_the_api_said(api: StandIn) -> None:
    api.answers[f"GET {PATH}"] = [(200, _told(go=True))]
    told = portage("cutover", "status", "demo", "--json", env=connected(api)).stdout
    assert json.loads(told) == _told(go=True)


@pytest.mark.parametrize(
    ("words", "request_body"),
    [
        (("start", "demo", "--note", "mail is out"), {"action": "start", "note": "mail is out"}),
        (("link", "demo", "run-1"), {"action": "link", "about": "run-1"}),
        (("link", "demo"), {"action": "link"}),
        (("switch", "demo"), {"action": "switch"}),
        (("tick", "demo", "webhook-1"), {"action": "tick", "about": "webhook-1"}),
        (("finish", "demo"), {"action": "finish"}),
        (("cancel", "demo"), {"action": "cancel"}),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)
def test_each_step_is_one_request(api: StandIn, words: tuple[str, ...], request_body: dict[str, str]) -> None:
    api.answers[f"POST {PATH}"] = [(200, _told(go=True))]
    assert portage("cutover", *words, env=connected(api)).exit_code == 0
    assert api.requests[0].body == request_body
