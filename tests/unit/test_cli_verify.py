"""``portage verify`` shows a proof; a script may go by its exit code."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status

_FIGURES = dict.fromkeys(
    ("extracted", "verified", "differing", "missing", "absent", "orphaned", "extra", "foreign", "sampled"), 0
)
_FINDING = {
    "kind": "differs",
    "source_id": "7",
    "target_id": "907",
    "message": "title is something else at the target",
    "field": "title",
    "expected": "Fo… (3 characters, 0a)",
    "found": None,
}


def _proof(*, passed: bool | None) -> dict[str, Any]:
    deal = {
        "verdict": "proven" if passed else "differs",
        "reasons": [],
        "figures": {**_FIGURES, "extracted": 9, "verified": 8, "differing": 1},
        "findings": [] if passed else [_FINDING],
        "more": 0 if passed else 3,
    }
    gate = {"gate": "orphans", "result": "passed", "wanted": 0, "found": 0, "detail": "no link leads to nothing"}
    return {
        "run_id": "r-1",
        "mode": "validate",
        "state": "completed",
        "finished_at": "2026-01-01T00:00:00Z" if passed is not None else None,
        "passed": passed,
        "gates": [gate],
        "entities": {"deal": deal},
    }


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1), (None, 1)])
def test_only_a_proof_that_passed_every_gate_is_a_success(api: StandIn, passed: bool | None, code: int) -> None:
    api.answers["GET /api/runs/r-1/proof"] = [(200, _proof(passed=passed))]
    assert portage("verify", "r-1", env=connected(api)).exit_code == code


def test_what_was_found_is_told_with_both_values(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1/proof"] = [(200, _proof(passed=False))]
    told = portage("verify", "r-1", env=connected(api)).stdout.splitlines()
    assert told[0].split() == [
        *("entity", "source", "verified", "differ", "missing", "absent"),
        *("orphans", "extra", "foreign", "sampled", "verdict"),
    ]
    assert told[1].split() == ["deal", "9", "8", "1", "0", "0", "0", "0", "0", "0", "differs"]
    assert told[2:] == [
        "deal 7: differs: title is something else at the target (expected Fo… (3 characters, 0a), found nothing)",
        "deal: and 3 more; all of them: portage verify r-1 --findings",
        "gate orphans: passed (no link leads to nothing; wanted 0, found 0)",
        "run r-1: not all gates are passed",
    ]


def test_a_plan_is_compared_anew_and_followed(api: StandIn) -> None:
    api.answers["POST /api/runs"] = [(202, {"run_id": "r-1", "status_url": "/"})]
    api.answers["GET /api/runs/r-1"] = [(200, status("completed"))]
    api.answers["GET /api/runs/r-1/proof"] = [(200, _proof(passed=True))]
    result = portage("verify", "--plan", "p", "--entity", "deal", "--sample", "1", env=connected(api))
    assert api.requests[0].body == {
        "plan": "p",
        "mode": "validate",
        "entities": ["deal"],
        "options": {"sample": 1.0},
    }
    assert result.stdout.splitlines()[-1] == "run r-1: all gates are passed"
    assert result.exit_code == 0


def test_the_proof_goes_to_stdout_as_it_came(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1/proof"] = [(200, _proof(passed=False))]
    result = portage("verify", "r-1", "--json", env=connected(api))
    assert (json.loads(result.stdout), result.exit_code) == (_proof(passed=False), 1)


def _two_pages(api: StandIn) -> list[dict[str, Any]]:
    found = [{"entity": "deal", **_FINDING, "source_id": one} for one in ("7", "8", "9")]
    pages = [(found[:2], "deal/0/v-0000000-000/1"), (found[2:], None)]
    path = "GET /api/runs/r-1/proof/findings"
    api.answers[path] = [(200, {"items": items, "next": following}) for items, following in pages]
    return found


def test_all_findings_are_listed_page_after_page(api: StandIn) -> None:
    _two_pages(api)
    result = portage("verify", "r-1", "--findings", "--entity", "deal", env=connected(api))
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["deal 7", "deal 8", "deal 9"]
    queries = [request.query for request in api.requests]
    assert queries == ["entity=deal&limit=1000", "entity=deal&after=deal%2F0%2Fv-0000000-000%2F1&limit=1000"]
    assert result.exit_code == 0


def test_findings_as_json_are_one_to_a_line(api: StandIn) -> None:
    found = _two_pages(api)
    told = portage("verify", "r-1", "--findings", "--json", env=connected(api)).stdout
    assert [json.loads(line) for line in told.splitlines()] == found


def test_a_repair_is_a_full_run_that_sees_what_the_proof_saw(api: StandIn) -> None:
    seen = {"private_posts": True, "sample": 1.0, "apply_deletes": True}
    proven = {**status("completed_with_errors", entities={"deal": entity(1, 1)}), "options": seen, "plan": "p"}
    api.answers["GET /api/runs/r-1"] = [(200, proven)]
    api.answers["POST /api/runs"] = [(202, {"run_id": "r-2", "status_url": "/"})]
    api.answers["GET /api/runs/r-2"] = [(200, {**status("completed"), "run_id": "r-2"})]
    api.answers["GET /api/runs/r-2/proof"] = [(200, {**_proof(passed=True), "run_id": "r-2"})]
    result = portage("verify", "r-1", "--repair", env=connected(api))
    assert next(one.body for one in api.requests if one.method == "POST") == {
        "plan": "p",
        "mode": "full",
        "entities": ["deal"],
        "options": {"private_posts": True, "sample": 1.0, "repair": True},
    }
    assert result.stdout.splitlines()[-1] == "run r-2: all gates are passed"
    assert result.exit_code == 0


_CONTRADICTIONS = [
    (),
    ("r-1", "--plan", "p"),
    ("r-1", "--sample", "1"),
    ("r-1", "--entity", "deal"),
    ("--plan", "p", "--findings"),
    ("--plan", "p", "--repair"),
    ("r-1", "--findings", "--repair"),
]


@pytest.mark.parametrize("options", _CONTRADICTIONS)
def test_it_is_either_a_run_or_a_plan(api: StandIn, options: tuple[str, ...]) -> None:
    assert portage("verify", *options, env=connected(api)).exit_code == 2
    assert api.requests == []


_REST = "the rest of the target it did not look at: portage verify --plan bitrix24_onprem does"

_STANDING = [
    ("full", ("passed", "passed"), "proven", "read back and proven: all gates are passed"),
    (
        "full",
        ("passed", "not_asked"),
        "proven",
        "read back and proven: all gates are passed but those not asked about: images",
    ),
    ("full", ("passed", "passed"), "differs", "read back, and not simply proven: deal (differs)"),
    (
        "delta",
        ("not_asked", "passed"),
        "proven",
        f"what this run wrote is read back and proven; {_REST}",
    ),
    ("delta", ("not_asked", "passed"), "not_asked", "nothing is proven: the run had nothing to read back"),
    (
        "full",
        ("failed", "unverified"),
        "differs",
        "gates that are not passed: orphans (failed), images (unverified); look with: portage verify r-1",
    ),
]


@pytest.mark.parametrize(("mode", "results", "verdict", "line"), _STANDING)
def test_the_status_of_a_run_that_ended_tells_what_was_proven_and_how_its_gates_stand(
    api: StandIn, mode: str, results: tuple[str, str], verdict: str, line: str
) -> None:
    gates = [{"gate": gate, "result": result} for gate, result in zip(("orphans", "images"), results, strict=True)]
    deal = {**entity(1, 1), "verdict": verdict}
    ended = {**status("completed"), "mode": mode, "gates": gates, "entities": {"deal": deal}}
    api.answers["GET /api/runs/r-1"] = [(200, ended)]
    assert line in portage("status", "r-1", env=connected(api)).stdout.splitlines()


def test_a_proof_without_anything_to_read_back_says_so(api: StandIn) -> None:
    nothing = {**_proof(passed=True), "passed": None}
    nothing["entities"]["deal"]["verdict"] = "not_asked"
    api.answers["GET /api/runs/r-1/proof"] = [(200, nothing)]
    result = portage("verify", "r-1", env=connected(api))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "run r-1: nothing is proven, for there was nothing to read back"
