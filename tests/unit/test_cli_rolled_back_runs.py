"""What the command line says of a run whose work was undone, or part of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status

_WHEN = {"began_at": "2025-11-03T10:29:00+00:00", "ended_at": "2025-11-03T10:30:55+00:00"}
_COUNTS = {"restored": 0, "deleted": 1350, "kept": 148, "failed": 0}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def told(api: StandIn, state: str, undone: list[str], counts: dict[str, int]) -> list[str]:
    user = {**entity(1, 1, extracted=1498, imported=1498), "flawed": 3, "verdict": None}
    members: dict[str, Any] = {
        "finished_at": "2025-11-03T10:00:56Z",
        "rollback": {"entities": {"user": counts}, "steps": {"total": 2, "done": 2}, **_WHEN},
        "rolled_back": undone,
        "gates": [],
    }
    api.answers["GET /api/runs/r-1"] = [(200, status(state, entities={"user": user}, **members))]
    return portage("status", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()


def test_its_own_times_stay_beside_those_of_the_rollback(api: StandIn) -> None:
    lines = told(api, "rolled_back", ["user"], _COUNTS)
    assert any("took 56 s" in line for line in lines), lines
    assert any(line.startswith("rolled back: 0 restored, 1,350 deleted, 148 kept") for line in lines), lines
    assert any("10:29:00" in line and "10:30:55" in line for line in lines), lines


def test_the_last_line_says_how_many_records_were_kept(api: StandIn) -> None:
    last = told(api, "rolled_back", ["user"], _COUNTS)[-1]
    assert last == "run r-1: rolled back, 148 kept; before that: 1,498 imported"


def test_nothing_of_it_is_called_proven_or_lacking(api: StandIn) -> None:
    said = "\n".join(told(api, "rolled_back", ["user"], _COUNTS))
    assert "read back" not in said
    assert "portage flaws" not in said
    assert "rolled back, and so not proven any more: user" in said


def test_a_run_of_which_a_part_was_undone_names_that_part(api: StandIn) -> None:
    lines = told(api, "completed", ["group"], {**_COUNTS, "kept": 0})
    assert "rolled back, and so not proven any more: group" in lines
    assert lines[-1] == "run r-1: completed; 1,498 imported"


def test_its_proof_is_shown_as_one_that_does_not_hold_any_more(api: StandIn) -> None:
    proof = {
        "run_id": "r-1",
        "mode": "full",
        "state": "rolled_back",
        "finished_at": "2026-01-01T00:00:00Z",
        "passed": False,
        "gates": [],
        "rolled_back": ["user"],
        "entities": {"user": {"verdict": None, "figures": {}}},
    }
    api.answers["GET /api/runs/r-1/proof"] = [(200, proof)]
    lines = portage("verify", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()
    assert lines[1].endswith("rolled back")
    assert lines[-1] == "run r-1: nothing is proven any more, for it was rolled back: user"
