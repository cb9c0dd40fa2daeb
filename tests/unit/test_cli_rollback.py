"""What the command line says of rollbacks, and what it asks before one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage, status

COUNTS = {"created": 12, "updated": 3, "deleted": 0, "placeholders": 1, "open_slices": 0}
PREVIEW = {
    "run_id": "r-1",
    "entities": {"user": COUNTS, "media_file": {**COUNTS, "updated": 0}},
    "whole": True,
    "stays": ["media_file"],
    "may_go_along": ["task"],
    "token": "t-1",
    "expires_at": "2026-03-01T12:15:00Z",
}
KEPT = {"entity": "deal", "source_id": "3", "outcome": "kept", "reason": "LOCALLY_CHANGED", "hint": "Decide there."}
DONE = {"restored": 3, "deleted": 11, "kept": 1, "failed": 0}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        stand_in.answers["POST /api/runs/r-1/rollback"] = [(200, PREVIEW), (202, {"run_id": "r-1", "status_url": "x"})]
        ended(stand_in, {"user": DONE}, [KEPT])
        yield stand_in


def ended(api: StandIn, entities: dict[str, Any], items: list[Any], state: str = "rolled_back") -> None:
    """The rollback has come to its end."""
    steps = {"total": 4, "done": 4}
    done = {"entities": entities, "steps": steps}
    api.answers["GET /api/runs/r-1"] = [(200, {**status(state), "phase": None, "rollback": done})]
    told = {"run_id": "r-1", "under_way": False, **done, "items": items, "next": None}
    api.answers["GET /api/runs/r-1/rollback"] = [(200, told)]


def test_nothing_is_done_where_nobody_can_be_asked(api: StandIn) -> None:
    result = portage("rollback", "r-1", env=connected(api))
    assert result.exit_code == 2
    assert "give --yes" in result.stderr
    assert [request.body for request in api.requests] == [{}]


def test_it_is_shown_what_would_be_undone(api: StandIn) -> None:
    told = portage("rollback", "r-1", env=connected(api)).stdout
    assert [line.split() for line in told.splitlines()[:2]] == [
        ["entity", "created", "updated", "deleted", "placeholders"],
        ["user", "12", "3", "0", "1"],
    ]
    assert "stays: the target cannot undo it" in told
    assert "may go along: task" in told


def test_what_was_shown_is_confirmed_by_its_token(api: StandIn) -> None:
    portage("rollback", "r-1", "--yes", "--entity", "user", "--entity", "task", env=connected(api))
    asked, begun = (request.body for request in api.requests if request.method == "POST")
    assert asked == {"entities": ["user", "task"]}
    assert begun == {"entities": ["user", "task"], "token": "t-1"}


def test_what_is_left_is_listed_with_its_reasons(api: StandIn) -> None:
    result = portage("rollback", "r-1", "--yes", env=connected(api))
    assert result.stdout.splitlines()[-2:] == [
        "rolled back: 3 restored, 11 deleted, 1 kept, 0 failed",
        "deal 3: kept: LOCALLY_CHANGED: Decide there.",
    ]
    assert result.exit_code == 3


def test_a_rollback_that_leaves_nothing_is_done(api: StandIn) -> None:
    ended(api, {"user": {**DONE, "kept": 0}}, [])
    assert portage("rollback", "r-1", "--yes", env=connected(api)).exit_code == 0


def test_a_rollback_of_some_entities_is_over_when_the_run_is_what_it_was(api: StandIn) -> None:
    ended(api, {"user": {**DONE, "kept": 0}}, [], state="paused")
    assert portage("rollback", "r-1", "--yes", env=connected(api)).exit_code == 0


def test_a_rollback_that_halts_says_how_to_go_on(api: StandIn) -> None:
    halted = {**status("halted", message="the gateway is out"), "phase": "rollback", "rollback": {"entities": {}}}
    api.answers["GET /api/runs/r-1"] = [(200, halted)]
    result = portage("rollback", "r-1", "--yes", env=connected(api))
    assert "the gateway is out; then go on with: portage resume r-1" in result.stdout
    assert result.exit_code == 1


def test_all_pages_of_what_is_left_are_read(api: StandIn) -> None:
    [(_, told)] = api.answers["GET /api/runs/r-1/rollback"]
    first, second = ({**told, "next": "1"}, {**told, "items": [{**KEPT, "source_id": "4"}]})
    api.answers["GET /api/runs/r-1/rollback"] = [(200, first), (200, first), (200, second)]
    result = portage("rollback", "r-1", "--yes", env=connected(api))
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[-4:-2]] == ["deal 3", "deal 4"]
    assert lines[-2:] == ["in all:", "2 x deal kept: LOCALLY_CHANGED: Decide there."]


def test_later_runs_are_named_before_anything_is_done(api: StandIn) -> None:
    [(_, told)] = api.answers["POST /api/runs/r-1/rollback"][:1]
    api.answers["POST /api/runs/r-1/rollback"][0] = (200, {**told, "later": ["r-3", "r-2"]})
    told_first = portage("rollback", "r-1", "--yes", env=connected(api)).stdout.partition("rolled back")[0]
    assert "runs that may have written since: r-3, r-2; undo them first" in told_first


def test_json_without_yes_is_the_preview_and_changes_nothing(api: StandIn) -> None:
    result = portage("rollback", "r-1", "--json", env=connected(api))
    assert '"token": "t-1"' in result.stdout
    assert len(api.requests) == 1


def test_json_of_a_rollback_is_what_it_left(api: StandIn) -> None:
    result = portage("rollback", "r-1", "--yes", "--json", env=connected(api))
    assert result.stdout.startswith('{"run_id": "r-1", "under_way": false')
    assert result.exit_code == 3


def test_a_refusal_is_told(api: StandIn) -> None:
    problem = {"title": "The run's state does not allow this", "code": "INVALID_STATE", "detail": "nothing there"}
    api.answers["POST /api/runs/r-1/rollback"] = [(409, problem)]
    result = portage("rollback", "r-1", "--yes", env=connected(api))
    assert (result.exit_code, "nothing there" in result.stderr) == (4, True)


def test_the_status_of_a_run_tells_of_its_rollback(api: StandIn) -> None:
    told = portage("status", "r-1", env=connected(api)).stdout.splitlines()
    assert "rolled back: 3 restored, 11 deleted, 1 kept, 0 failed" in told
