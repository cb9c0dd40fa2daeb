"""``portage verify`` shows a proof; a script may go by its exit code."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage, status

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
        "deal: and 3 more",
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


@pytest.mark.parametrize("options", [(), ("r-1", "--plan", "p"), ("r-1", "--sample", "1"), ("r-1", "--entity", "deal")])
def test_it_is_either_a_run_or_a_plan(api: StandIn, options: tuple[str, ...]) -> None:
    assert portage("verify", *options, env=connected(api)).exit_code == 2
    assert api.requests == []


@pytest.mark.parametrize(
    ("results", "line"),
    [
        (("passed", "not_asked"), "read back and proven: all gates are passed"),
        (
            ("failed", "unverified"),
            "gates that are not passed: orphans (failed), images (unverified); look with: portage verify r-1",
        ),
    ],
)
def test_the_status_of_a_run_that_ended_tells_how_its_gates_stand(
    api: StandIn, results: tuple[str, str], line: str
) -> None:
    gates = [{"gate": gate, "result": result} for gate, result in zip(("orphans", "images"), results, strict=True)]
    api.answers["GET /api/runs/r-1"] = [(200, {**status("completed"), "gates": gates})]
    assert line in portage("status", "r-1", env=connected(api)).stdout.splitlines()
