"""What the command line says of source fields that nobody decided about."""

from collections.abc import Iterator

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def told(api: StandIn, state: str, undecided: dict[str, int], *, command: str = "status") -> str:
    api.answers["GET /api/runs/r-1/flaws"] = [(200, {"items": [], "next": None})]
    user = {**entity(1, 1, extracted=9, imported=9), "undecided": undecided}
    api.answers["GET /api/runs/r-1"] = [(200, status(state, entities={"user": user}))]
    lines = portage(command, "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()
    return next((line for line in lines if "nobody decided" in line), "")


def test_a_run_that_ended_counts_them_with_the_command_that_names_them(api: StandIn) -> None:
    assert told(api, "completed", {"UF_X": 2, "UF_Y": 12, "UF_Z": 0}) == (
        "source fields did not go over, for nobody decided about them: user 2; which these are: portage flaws r-1"
    )


def test_of_very_many_the_count_is_of_those_that_the_api_names(api: StandIn) -> None:
    assert ": user 1 and more; " in told(api, "completed", {"UF_X": 2, "*": 3})


def test_the_list_of_flaws_names_them_with_what_to_do(api: StandIn) -> None:
    assert told(api, "completed", {"UF_X": 2, "UF_Y": 12}, command="flaws") == (
        "user: fields that did not go over, for nobody decided about them (records that have a value): "
        "UF_Y (12), UF_X (2); take them over or ignore them in the mapping"
    )


def test_the_list_names_those_that_hold_something_most_often_first(api: StandIn) -> None:
    many = {"*": 3, **{f"UF_{number:02}": number for number in range(1, 13)}}
    line = told(api, "completed", many, command="flaws")
    assert ": UF_12 (12), UF_11 (11), " in line
    assert ", UF_01 (1), and more; " in line


@pytest.mark.parametrize(
    ("state", "undecided"), [("completed", {}), ("completed", {"UF_X": 0}), ("running", {"UF_X": 2})]
)
def test_nothing_is_said_without_any_or_before_the_end(api: StandIn, state: str, undecided: dict[str, int]) -> None:
    assert told(api, state, undecided) == ""
