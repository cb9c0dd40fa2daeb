"""Canonical records are checked before they are sent."""

from typing import Any

import pytest

from shared.model.errors import RecordRejected
from shared.model.json import JsonObject
from shared.schema.registry import validate

GROUP: JsonObject = {"name": "Sales", "owner_id": "3", "members": [{"user_id": "4", "role": "member"}]}


def refusal(entity: str, data: JsonObject) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        validate(entity, data)
    return caught.value


def test_a_record_that_keeps_the_contract_passes() -> None:
    validate("group", GROUP)


@pytest.mark.parametrize("changed", [{"name": None}, {"owner_id": None}])
def test_nothing_in_a_required_field_is_missing(changed: JsonObject) -> None:
    error = refusal("group", {**GROUP, **changed})
    assert (error.reason.code, error.field) == ("transform.missing_required", *changed)


def test_a_required_field_that_is_not_there_is_missing() -> None:
    error = refusal("group", {"name": "Sales"})
    assert (error.reason.code, error.field) == ("transform.missing_required", "owner_id")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 1_000_001}, "name"),
        ({"closed": "Y"}, "closed"),
        ({"created_at": "2026-01-02T03:04:05+03:00"}, "created_at"),
        ({"members": [{"user_id": "4", "role": "guest"}]}, "members.0.role"),
        ({"members": None}, "members"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_value_that_breaks_the_contract_is_refused_with_its_place(changed: Any, field: str) -> None:
    assert refusal("group", {**GROUP, **changed}).field == field


def test_a_refusal_does_not_repeat_the_value() -> None:
    assert "Ann" not in refusal("user", {"email": "Ann at home", "active": True}).message


def test_an_entity_that_the_contract_does_not_have_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        validate("lead", {})
