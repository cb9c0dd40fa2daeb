"""Transform steps, one value at a time."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.transform.steps import STEPS


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("text", "  Иван ", "Иван"),
        ("text", "   ", None),
        ("line", "Head\n of   sales", "Head of sales"),
        ("email", " Ivan.Petrov@Example.COM ", "ivan.petrov@example.com"),
        ("phone", "+7 (495) 123-45-67", "+74951234567"),
        ("phone", "8 495 1234567", "84951234567"),
        ("phone", "123-45-67 ext. 8", "123-45-67 ext. 8"),
        ("phone", "112", "112"),
        ("flag", "Y", True),
        ("flag", "0", False),
        ("flag", False, False),
        ("integer", "500", 500),
        ("integer", -3, -3),
        ("date", "1980-03-01T03:00:00+03:00", "1980-03-01"),
        ("date", "24.08.2023", "2023-08-24"),
        ("date", "24.08.2023 13:19:39", "2023-08-24"),
        ("date", "2024-08-29 10:30:11", "2024-08-29"),
        ("instant", 1692872379, "2023-08-24T10:19:39Z"),
        ("instant", "1692872379", "2023-08-24T10:19:39Z"),
        ("instant", "2015-03-01T00:00:00+03:00", "2015-02-28T21:00:00Z"),
        ("instant", "2026-01-27T10:03:39.5+00:00", "2026-01-27T10:03:39.500000Z"),
        ("text_as_html", "a < b\r\n& c", "a &lt; b<br>&amp; c"),
    ],
)
def test_a_step_turns_a_source_value_into_the_canonical_one(step: str, value: Any, expected: Any) -> None:
    assert STEPS[step](value, {}) == expected


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("email", "no address"),
        ("flag", "maybe"),
        ("integer", "12.5"),
        ("integer", True),
        ("date", "31.02.2023"),
        ("date", "24.08.23"),
        ("date", "2023-02-30T00:00:00"),
        ("instant", "yesterday"),
        ("instant", "2026-01-27T10:03:39"),
        ("text", {"nested": 1}),
    ],
)
def test_a_step_refuses_a_value_that_makes_no_sense(step: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        STEPS[step](value, {})


def test_a_choice_is_translated_and_an_unknown_one_refused() -> None:
    options = {"values": {"A": "owner"}}
    assert STEPS["choice"]("A", options) == "owner"
    with pytest.raises(ValueError, match="is none of A"):
        STEPS["choice"]("Z", options)


@pytest.mark.parametrize(("spelt", "expected"), [("Y", "on"), (True, "on"), ("0", "off"), (False, "off")])
def test_a_choice_of_yes_and_no_takes_either_in_any_spelling(spelt: Any, expected: str) -> None:
    assert STEPS["choice"](spelt, {"values": {"Y": "on", "N": "off"}}) == expected


def test_a_choice_of_numbers_is_no_choice_of_yes_and_no() -> None:
    assert STEPS["choice"](1, {"values": {"1": "normal", "Y": "on"}}) == "normal"


@given(st.text())
def test_text_steps_never_fail_on_text_and_are_stable_on_their_own_output(value: str) -> None:
    for name in ("text", "line", "phone"):
        once = STEPS[name](value, {})
        assert once is None or STEPS[name](once, {}) == once


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_keeps_its_moment(moment: Any) -> None:
    text = STEPS["instant"](moment.isoformat(), {})
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == datetime.fromisoformat(moment.isoformat())
