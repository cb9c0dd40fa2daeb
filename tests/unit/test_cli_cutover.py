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


_START = {"action": "start", "by": "Anna", "at": "2026-01-01T10:00:00+00:00", "about": None, "note": None}


def _step(api: StandIn, *words: str, **told: Any) -> list[str]:
    """What a step says, whose answer has ``told``."""
    event = {"action": words[0], "by": "Anna", "at": "2026-01-01T11:00:00+00:00", "note": None}
    event["about"] = words[1] if len(words) > 1 else None
    answer = {**_told(go=False), "events": [_START, event] if words[0] != "start" else [_START], **told}
    api.answers[f"POST {PATH}"] = [(200, answer)]
    result = portage("cutover", words[0], "demo", *words[1:], env=connected(api))
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_a_step_says_what_was_done_and_then_in_a_line_how_it_stands(api: StandIn) -> None:
    assert _step(api, "start") == [
        "window begun at 2026-01-01 10:00:00Z: nobody writes at the source from now on",
        "no go for now: 1 open, see portage cutover status demo",
    ]


def test_a_step_that_leaves_nothing_open_says_so(api: StandIn) -> None:
    assert _step(api, "link", "run-1", go=True)[-1] == "go: nothing speaks against the switch"


@pytest.mark.parametrize(("started", "counts"), [("2026-01-01T09:59:00Z", False), ("2026-01-01T10:01:00Z", True)])
def test_who_links_a_run_of_before_the_window_is_warned(api: StandIn, started: str, counts: bool) -> None:
    told = _step(api, "link", "run-1", runs=[{"run_id": "run-1", "started_at": started}])
    assert told[0] == "run run-1 linked"
    assert any("it will not count" in line for line in told) is not counts


def test_the_end_says_how_many_lines_are_open_and_until_when(api: StandIn) -> None:
    due = ("2026-01-02T10:00:00+00:00", "2026-01-03T10:00:00+00:00", None)
    lines = [{"item": str(day), "what": "", "due": day, "overdue": False, "done": day is None} for day in due]
    assert _step(api, "finish", state="finished", checklist=lines)[-1] == (
        "2 lines of the checklist are open, the first until 2026-01-02 10:00:00Z, "
        "the last until 2026-01-03 10:00:00Z; see portage cutover status demo"
    )
