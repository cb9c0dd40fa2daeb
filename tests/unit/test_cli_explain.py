"""How the command line tells the life of one record."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage

PATH = "GET /api/records/demo/task/7"
TOLD: dict[str, Any] = {
    "plan": "demo",
    "entity": "task",
    "source_id": "7",
    "masking": "All is masked.",
    "complete": True,
    "id_map": {"target_id": "903", "run_id": "r-1", "action": "created", "page": "0/i-1", "within": None},
    "raw": {"run_id": "r-2", "page": "1/i-4", "raw_blob": "raw/r-2/task/1.json", "data": {"TITLE": "Bu…"}},
    "steps": [
        {
            "field": "title",
            "by": "step line",
            "before": {"TITLE": " Buy  milk"},
            "after": "Buy milk",
            "resolved": "Buy milk",
            "flaws": [],
            "refused": None,
        },
        {
            "field": "owner_id",
            "by": "reference to user",
            "before": {"OWNER": "5"},
            "after": "user:5",
            "resolved": "17",
            "flaws": [],
            "refused": None,
        },
    ],
    "references": [
        {"entity": "user", "source_id": "5", "target_id": "17", "required": True, "state": "resolved"},
        {"entity": "group", "source_id": "9", "target_id": None, "required": False, "state": "missing"},
    ],
    "target": {
        "found": True,
        "target_id": "903",
        "same": False,
        "error": None,
        "differences": [{"field": "title", "expected": "Buy milk", "found": "Sell milk"}],
    },
    "dead_letters": [
        {"run_id": "r-0", "reason": "target.conflict", "field": "title", "message": "taken", "hint": "Mend."}
    ],
    "history": [
        {
            "run_id": "r-2",
            "mode": "full",
            "state": "completed",
            "outcome": "updated",
            "rows": [{"page": "1/i-4", "stage": "import", "attempts": 2}, {"page": "1/p-4", "stage": "patch"}],
        }
    ],
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        stand_in.answers[PATH] = [(200, TOLD)]
        yield stand_in


def told(api: StandIn, **instead: Any) -> list[str]:
    api.answers[PATH] = [(200, {**TOLD, **instead})]
    result = portage("explain", "demo", "task", "7", env=connected(api))
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_a_record_is_told_from_its_raw_data_to_the_target(api: StandIn) -> None:
    lines = told(api)
    assert lines[:3] == [
        "task 7 of demo",
        "in the target as 903: created by r-1, page 0/i-1",
        "read by r-2, page 1/i-4: raw/r-2/task/1.json",
    ]
    assert lines[-1] == "All is masked."


def test_each_field_has_its_step_and_what_it_was_and_is(api: StandIn) -> None:
    lines = [line.split() for line in told(api)]
    assert ["title", "step", "line", "TITLE=", "Buy", "milk", "Buy", "milk"] in lines
    assert ["owner_id", "reference", "to", "user", "OWNER=5", "user:5", "->", "17"] in lines


def test_references_differences_letters_and_runs_are_told(api: StandIn) -> None:
    lines = told(api)
    assert "user 5: 17, required" in lines
    assert "group 9: missing" in lines
    assert "title: has Sell milk, not Buy milk" in lines
    assert "r-0: target.conflict: title: taken: Mend." in lines
    assert "r-2 (full, completed): updated; import 1/i-4, patch 1/p-4, 2 attempts broke off" in lines


def test_a_record_that_never_went_in_says_so(api: StandIn) -> None:
    target = {"found": False, "error": None}
    lines = told(api, id_map=None, raw=None, steps=[], references=[], dead_letters=[], history=[], target=target)
    assert "not in the target, as far as the id map knows" in lines
    assert "does not have it" in lines
    assert "dead letters" not in lines


def test_what_cannot_go_in_says_why(api: StandIn) -> None:
    assert "it cannot go in: transform.bad_value: no title" in told(
        api, refused={"reason": "transform.bad_value", "message": "no title", "field": "title"}
    )


def test_a_target_that_could_not_be_asked_says_why(api: StandIn) -> None:
    error = {"reason": "target.unreachable", "message": "nobody there"}
    assert "could not be asked: target.unreachable: nobody there" in told(api, target={"found": None, "error": error})


def test_the_parent_goes_to_the_api(api: StandIn) -> None:
    portage("explain", "demo", "task", "7", "--within", "a b", env=connected(api))
    assert api.requests[0].query == "within=a+b"


def test_json_is_what_the_api_says(api: StandIn) -> None:
    assert portage("explain", "demo", "task", "7", "--json", env=connected(api)).stdout.startswith('{"plan": "demo"')


def test_an_unknown_record_is_refused(api: StandIn) -> None:
    problem = {"title": "Nothing is known of such a record", "code": "UNKNOWN_RECORD", "detail": "no run"}
    api.answers[PATH] = [(404, problem)]
    result = portage("explain", "demo", "task", "7", env=connected(api))
    assert (result.exit_code, "UNKNOWN_RECORD" in result.stderr) == (4, True)
