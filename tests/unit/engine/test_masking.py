"""What an explanation shows of people's data."""

import pytest

from shared.engine.explaining.masking import Masking
from shared.model.json import Json


@pytest.mark.parametrize("value", [None, True, 17, 1.5, "17", "19.50", "Y", "2026-01-01T10:00:00+03:00", ""])
def test_numbers_flags_and_instants_are_shown(value: Json) -> None:
    assert Masking().of(value) == value


@pytest.mark.parametrize("by", ["step choice", "reference to deal"])
@pytest.mark.parametrize("value", ["NEW", "C7:WON", "128:7"])
def test_codes_and_ids_are_shown_where_a_field_holds_them(value: str, by: str) -> None:
    assert Masking().of(value, by) == value


@pytest.mark.parametrize(
    "value",
    [
        "Anna",
        "ANNA",
        "Anna1",
        "anna@example.com",
        "Call her back",
        "+7 495 123-45-67",
        "84951234567",
        "+12 34",
        84951234567,
    ],
)
def test_texts_names_addresses_and_phone_numbers_are_not(value: Json) -> None:
    masked = str(Masking().of(value))
    assert str(value) not in masked
    assert "characters" in masked


@pytest.mark.parametrize(("value", "by"), [("12345", "step phone"), ("1990-01-01", "step date"), ("a1", "step email")])
def test_what_a_step_makes_personal_is_hidden_whole(value: str, by: str) -> None:
    assert Masking().of(value, by).startswith("… (")


def test_structures_stay_and_their_values_are_masked() -> None:
    masked = Masking().of({"phones": [{"value": "+74951234567", "type": "WORK"}]})
    assert masked["phones"][0].keys() == {"value", "type"}
    assert "4567" not in masked["phones"][0]["value"]


def test_equal_texts_look_equal_and_others_do_not() -> None:
    masking = Masking()
    assert masking.of("Anna Smith") == masking.of("Anna Smith") != masking.of("Anna Smyth")


def test_everything_is_shown_when_that_is_wanted_and_the_rule_says_so() -> None:
    masking = Masking(open=True)
    assert masking.of("anna@example.com", "step email") == "anna@example.com"
    assert "PORTAGE_SHOW_PERSONAL_DATA" in masking.rule
