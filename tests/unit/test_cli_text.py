"""How numbers and durations read."""

import pytest

from cli.views.text import duration, number


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (190_800, "2 d 5 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "?"), (0, "0"), (1234567, "1,234,567"), (41.53, "41.5"), (123.456, "123")]
)
def test_a_number_is_as_exact_as_a_person_needs_it(value: float | None, words: str) -> None:
    assert number(value) == words
