"""What a proof tells of a difference: which field, and as little of the values as tells them apart."""

import pytest

from shared.engine.proof.fields import differences
from shared.engine.proof.findings import shown
from shared.engine.proof.ids import Ids
from shared.model.json import Json


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (17, "17"),
        (True, "true"),
        ("903", "903"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("NEW", "NEW"),
        ("C2:WON", "C2:WON"),
    ],
)
def test_codes_numbers_and_instants_are_shown(value: Json, told: str | None) -> None:
    assert shown(value) == told


@pytest.mark.parametrize("value", ["Ann", "ann@example.com", "Anna Smith 1980", "+7 900 123-45-67", "Secret plan"])
def test_what_a_person_wrote_is_not(value: str) -> None:
    told = str(shown(value))
    assert value not in told
    assert told.startswith(value[:2])
    assert f"({len(value)} characters, " in told


def test_long_values_are_told_apart_by_a_digest() -> None:
    assert shown("a" * 1000) != shown("a" * 999 + "b")
    assert len(str(shown("a" * 1000))) < 40


def test_a_difference_is_told_where_it_is() -> None:
    expected = {"name": "a", "members": [{"user_id": "1", "role": "owner"}], "tags": ["x"]}
    found = {"name": "a", "members": [{"user_id": "2", "role": "owner"}], "tags": ["x", "y"]}
    told = differences("7", "907", expected, found)
    assert [one.field for one in told] == ["members.0.user_id", "tags"]
    assert (told[0].expected, told[0].found) == ("1", "2")


def test_true_is_not_one() -> None:
    assert [one.field for one in differences("7", "907", {"active": True}, {"active": 1})] == ["active"]


def test_what_is_empty_at_one_side_is_told_so() -> None:
    told = differences("7", "907", {"title": "A1", "note": None}, {"title": None, "note": "B2"})
    assert [one.message for one in told] == ["note should be empty", "title is empty at the target"]


def test_a_set_of_ids_knows_its_own() -> None:
    ids = Ids.of([map(str, range(1000)), ["feed/1", "я"]])
    assert all(str(one) in ids for one in range(1000))
    assert "я" in ids
    assert not any(str(one) in ids for one in range(1000, 2000))
