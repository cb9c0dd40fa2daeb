import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.bicep.proof import prove

INFRA = Path(__file__).resolve().parents[3] / "infra"

Give = Callable[[str, Any], list[str]]


@pytest.fixture
def given(copied: Path) -> Give:
    """Sets one parameter of the production file in the copy, and tells what the proof finds then."""

    def give(name: str, value: Any) -> list[str]:
        path = copied / "main.parameters.prod.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        document["parameters"][name] = {"value": value}
        path.write_text(json.dumps(document), encoding="utf-8")
        return [str(finding) for finding in prove(copied)]

    return give


def test_a_parameter_that_main_does_not_have_is_caught(given: Give) -> None:
    assert given("rawDays", 30) == ["main.parameters.prod.json:1: main.bicep has no parameter rawDays"]


def test_a_value_of_another_type_is_caught(given: Give) -> None:
    assert given("rawRetentionDays", "30") == ["main.parameters.prod.json:1: rawRetentionDays is int, not str"]


def test_a_truth_value_is_no_number(given: Give) -> None:
    assert given("undeleteDays", True) == ["main.parameters.prod.json:1: undeleteDays is int, not bool"]


def test_a_value_that_is_not_allowed_is_caught(given: Give) -> None:
    assert given("storageSku", "Premium_LRS") == [
        "main.parameters.prod.json:1: storageSku is none of the values that are allowed"
    ]


def test_a_number_beyond_its_limits_is_caught(given: Give) -> None:
    assert given("undeleteDays", 366) == ["main.parameters.prod.json:1: undeleteDays is above 365"]


def test_a_number_below_its_limits_is_caught(given: Give) -> None:
    assert given("vaultUndeleteDays", 6) == ["main.parameters.prod.json:1: vaultUndeleteDays is below 7"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alertsEnabled", "${PORTAGE_ALERTS=false}"),
        ("alertEmails", "${PORTAGE_ALERT_EMAILS=[]}"),
        ("undeleteDays", "${PORTAGE_DAYS}"),
        ("signInClientId", "${PORTAGE_SIGN_IN=}"),
    ],
)
def test_what_azd_fills_in_fits_every_type(given: Give, name: str, value: str) -> None:
    assert given(name, value) == []


def test_what_azd_fills_in_for_want_of_a_value_is_of_the_parameters_type(given: Give) -> None:
    assert given("alertEmails", "${PORTAGE_ALERT_EMAILS=}") == [
        "main.parameters.prod.json:1: alertEmails is array, not str"
    ]


def test_azd_takes_people_and_alerts_from_its_environment() -> None:
    document = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    of_people = ("alertEmails", "alertsEnabled", "dataOfficersGroupId", "operatorAddresses", "secretOfficersGroupId")
    assert all(document[name]["value"].startswith("${PORTAGE_") for name in of_people)


def test_a_parameter_without_a_default_has_to_be_given(copied: Path) -> None:
    path = copied / "main.parameters.dev.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["parameters"]["plans"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert [str(one) for one in prove(copied)] == ["main.parameters.dev.json:1: plans is not given"]


def test_there_is_a_file_for_each_stage_and_one_for_azd(copied: Path) -> None:
    assert {path.name for path in copied.glob("*.parameters*.json")} == {
        "main.parameters.json",
        "main.parameters.dev.json",
        "main.parameters.test.json",
        "main.parameters.prod.json",
    }
