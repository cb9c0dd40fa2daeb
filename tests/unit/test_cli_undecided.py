"""What the command line says of source fields that nobody decided about."""

from collections.abc import Iterator

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def told(api: StandIn, state: str, undecided: dict[str, int]) -> str:
    user = {**entity(1, 1, extracted=9, imported=9), "undecided": undecided}
    api.answers["GET /api/runs/r-1"] = [(200, status(state, entities={"user": user}))]
    lines = portage("status", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()
    return next((line for line in lines if "nobody decided" in line), "")


def test_a_run_that_ended_names_them_with_what_to_do(api: StandIn) -> None:
    assert told(api, "completed", {"UF_X": 2, "UF_Y": 12}) == (
        "user: fields that did not go over, for nobody decided about them (records that have a value): "
        "UF_Y (12), UF_X (2); take them over or ignore them in the mapping"
    )


def test_of_many_the_line_names_those_that_hold_something_most_often(api: StandIn) -> None:
    line = told(api, "completed", {"*": 3, **{f"UF_{number:02}": number for number in range(1, 13)}})
    assert "UF_03 (3), and more (portage status --json);" in line
    assert "UF_02" not in line


@pytest.mark.parametrize(
    ("state", "undecided"), [("completed", {}), ("completed", {"UF_X": 0}), ("running", {"UF_X": 2})]
)
def test_nothing_is_said_without_any_or_before_the_end(api: StandIn, state: str, undecided: dict[str, int]) -> None:
    assert told(api, state, undecided) == ""
