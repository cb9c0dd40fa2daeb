"""What failures have in common, whatever differs between their records."""

import pytest

from shared.engine.causes import fingerprint


def cause(message: str) -> str:
    return fingerprint("user", "transform.bad_value", "email", message)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user 5 is not valid", "user 1234 is not valid"),
        ("anna@example.com is taken", "Bert.B@mail.example.org is taken"),
        ("since 2024-01-31 it is gone", "since 2023-12-01 it is gone"),
        ("closed on 3 March 2024", "closed on 17 December 2023"),
        ("at 10:15:00 it broke", "at 23:59:59 it broke"),
        ("'Anna' has no value", "'Bert the second' has no value"),
        ("needs user 5, which is gone", "needs user 5, user 6, user 7, which is gone"),
        ("id 0f8fad5b-d9cb-469f-a165-70867728950e", "id 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        ("Is  NOT an address", "is not an address"),
    ],
    ids=["ids", "e-mails", "dates", "dates in words", "times", "quotations", "lists", "uuids", "case and spaces"],
)
def test_what_differs_between_records_makes_no_cause_of_its_own(one: str, other: str) -> None:
    assert cause(one) == cause(other)


def test_another_message_is_another_cause() -> None:
    assert cause("has no value") != cause("is too long")


def test_another_field_reason_or_entity_is_another_cause() -> None:
    told = ("user", "transform.bad_value", "email", "is not valid")
    others = [("group", *told[1:]), (told[0], "transform.undefined", *told[2:]), (*told[:2], None, told[3])]
    assert fingerprint(*told) not in {fingerprint(*other) for other in others}
