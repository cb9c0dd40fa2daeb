"""Items that the gateway refuses, each alone (contract §2, §5): their shape, their fields, their values."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.gateway.gateway_process import METHODS, NOW, RunningGateway, checksum, item, running, user

POST = {"author_id": "1", "published_at": NOW}
MESSAGE = {"chat_id": "1", "sent_at": NOW}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A strict gateway."""
    with running(tmp_path_factory.mktemp("validation")) as process:
        yield process


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that is not strict and takes short texts only."""
    settings = {"GATEWAY_STRICT": "false", "GATEWAY_MAX_TEXT": "20"}
    with running(tmp_path_factory.mktemp("small"), settings) as process:
        yield process


GOOD = item("user", "1", user(1))
WRONG_ITEMS: list[tuple[Any, str | None]] = [
    (None, None),
    ([], None),
    ("user", None),
    ({}, "source_id"),
    ({**GOOD, "source_id": 1}, "source_id"),
    ({**GOOD, "source_id": ""}, "source_id"),
    ({**GOOD, "source_id": None}, "source_id"),
    ({**GOOD, "source_id": {"a": [1]}}, "source_id"),
    ({**GOOD, "source_id": "1" * 300}, "source_id"),
    ({**GOOD, "source_id": "1\u0000"}, "source_id"),
    ({**GOOD, "idempotency_key": None}, "idempotency_key"),
    ({**GOOD, "idempotency_key": ""}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "source:user:1"}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "source:user:1:" + "0" * 64}, "idempotency_key"),
    ({**GOOD, "idempotency_key": ":" + checksum(user(1))}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "source:user:2:" + checksum(user(1))}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "source:group:1:" + checksum(user(1))}, "idempotency_key"),
    ({**GOOD, "checksum": 5}, "checksum"),
    ({**GOOD, "checksum": "", "idempotency_key": "source:user:1:"}, "checksum"),
    (item("user", "1", user(1), checksum="0" * 64, idempotency_key="source:user:1:" + "0" * 64), "checksum"),
    ({**GOOD, "data": [1]}, "data"),
    ({**GOOD, "data": None}, "data"),
    ({**GOOD, "data": user(2)}, "checksum"),
]


@pytest.mark.parametrize(("raw", "field"), WRONG_ITEMS, ids=lambda value: json.dumps(value)[:60])
def test_an_item_of_another_shape_fails_alone(gateway: RunningGateway, raw: Any, field: str | None) -> None:
    answer = gateway.write("user", raw, item("user", "99", user(99)))
    (failed,) = answer["failed"]
    assert (failed["code"], failed["field"], failed["retryable"]) == ("VALIDATION", field, False)
    assert len(answer["imported"] + answer["duplicate"]) == 1


def test_a_failed_item_says_all_that_the_contract_names(gateway: RunningGateway) -> None:
    (failed,) = gateway.write("group", item("group", "20", {"name": "G", "owner_id": "777"}))["failed"]
    assert failed == {
        "source_id": "20",
        "code": "REFERENCE",
        "field": "owner_id",
        "reason": "owner_id 777 does not exist",
        "retryable": False,
    }


def test_the_second_of_two_items_with_one_source_id_fails(gateway: RunningGateway) -> None:
    answer = gateway.write("user", item("user", "31", user(31)), item("user", "31", user(31, name="Other")))
    assert [one["action"] for one in answer["imported"]] == ["created"]
    assert [(one["code"], one["field"]) for one in answer["failed"]] == [("VALIDATION", "source_id")]


def test_the_second_of_two_items_with_one_source_id_fails_even_if_the_first_was_invalid(
    gateway: RunningGateway,
) -> None:
    answer = gateway.write("user", item("user", "32", user(32), data=None), item("user", "32", user(32)))
    assert [one["field"] for one in answer["failed"]] == ["data", "source_id"]


REQUIRED = [
    ("department", "name", {}),
    ("user", "email", {"active": True}),
    ("user", "active", {"email": "a@example.com"}),
    ("group", "name", {"owner_id": "1"}),
    ("group", "owner_id", {"name": "G"}),
    ("chat_message", "chat_id", {"sent_at": NOW}),
    ("chat_message", "sent_at", {"chat_id": "1"}),
    ("feed_post", "author_id", {"published_at": NOW}),
    ("feed_post", "published_at", {"author_id": "1"}),
    ("feed_comment", "post_id", {"created_at": NOW}),
    ("feed_comment", "created_at", {"post_id": "1"}),
    ("task", "title", {"responsible_id": "1"}),
    ("task", "responsible_id", {"title": "T"}),
    ("task_comment", "task_id", {"created_at": NOW}),
    ("task_comment", "created_at", {"task_id": "1"}),
    ("company", "title", {}),
    ("deal", "title", {"stage_id": "NEW"}),
    ("deal", "stage_id", {"title": "D"}),
    ("smart_process_item", "entity_type_id", {"title": "I"}),
    ("smart_process_item", "title", {"entity_type_id": "128"}),
    ("workflow_template", "name", {}),
]


@pytest.mark.parametrize(("entity", "field", "data"), REQUIRED)
def test_a_required_field_must_be_there(gateway: RunningGateway, entity: str, field: str, data: Any) -> None:
    assert gateway.failure(entity, "1", **data) == ("VALIDATION", field)
    assert gateway.failure(entity, "1", **data, **{field: None}) == ("VALIDATION", field)


@pytest.mark.parametrize("entity", METHODS)
def test_an_unknown_field_is_invalid_in_a_strict_gateway(gateway: RunningGateway, entity: str) -> None:
    assert gateway.failure(entity, "1", colour="red")[0] == "VALIDATION"


WRONG_VALUES: list[tuple[str, str, Any]] = [
    ("user", "email", "Anna@example.com"),
    ("user", "email", "nobody"),
    ("user", "email", 5),
    ("user", "email", ""),
    ("user", "active", "Y"),
    ("user", "active", 1),
    ("user", "name", ""),
    ("user", "name", 7),
    ("user", "name", ["Anna"]),
    ("user", "department_ids", "5"),
    ("user", "department_ids", [5]),
    ("user", "department_ids", [None]),
    ("user", "department_ids", [""]),
    ("user", "birthday", "1980-02-30"),
    ("user", "birthday", "01.02.1980"),
    ("user", "birthday", "1980-01-01T00:00:00Z"),
    ("user", "birthday", "1980-01-01\n"),
    ("user", "birthday", "١٩٨٠-01-01"),
    ("user", "user_type", "admin"),
    ("user", "registered_at", "2026-01-01T10:00:00+03:00"),
    ("user", "registered_at", "2026-01-01T10:00:00"),
    ("user", "registered_at", "2026-01-01T25:00:00Z"),
    ("user", "registered_at", 1767261600),
    ("user", "custom", ["UF_A"]),
    ("user", "custom", {"UF_A": ""}),
    ("department", "sort", "10"),
    ("department", "sort", True),
    ("group", "members", {"user_id": "1"}),
    ("group", "members", ["1"]),
    ("group", "members", [{"user_id": "1"}]),
    ("group", "members", [{"user_id": "1", "role": "king"}]),
    ("group", "members", [{"user_id": "1", "role": "member", "since": NOW}]),
    ("chat", "type", "secret"),
    ("chat", "bound_to", {"entity": "deal"}),
    ("chat", "bound_to", {"entity": "spaceship", "id": "1"}),
    ("chat", "bound_to", "deal:1"),
    ("feed_post", "tags", ["a", ""]),
    ("feed_post", "audience", {"everyone": "yes"}),
    ("feed_post", "audience", {"user_ids": "1"}),
    ("task", "status", "done"),
    ("task", "priority", "2"),
    ("task", "checklists", [{"title": "A", "items": [{"title": "B", "done": "N"}]}]),
    ("task", "crm_links", [{"entity": "user", "id": "1"}]),
    ("company", "phones", [{"type": "WORK"}]),
    ("company", "emails", ["a@example.com"]),
    ("deal", "amount", 10.5),
    ("deal", "amount", "10,50"),
    ("deal", "amount", "1e5"),
    ("deal", "amount", "NaN"),
    ("deal", "amount", "٣"),
    ("deal", "probability", "50"),
    ("deal", "category_id", 0),
]
MINIMAL: dict[str, Any] = {
    "department": {"name": "D"},
    "user": user(1),
    "group": {"name": "G", "owner_id": "1"},
    "chat": {},
    "feed_post": POST,
    "task": {"title": "T", "responsible_id": "1"},
    "company": {"title": "C"},
    "deal": {"title": "D", "stage_id": "NEW"},
}


@pytest.mark.parametrize(("entity", "field", "value"), WRONG_VALUES)
def test_a_value_of_another_form_is_invalid(gateway: RunningGateway, entity: str, field: str, value: Any) -> None:
    assert gateway.failure(entity, "1", **{**MINIMAL[entity], field: value}) == ("VALIDATION", field)


@pytest.mark.parametrize("depth", [100, 300, 900])
def test_data_that_nests_too_deep_fails_alone(gateway: RunningGateway, depth: int) -> None:
    template: Any = "x"
    for _ in range(depth):
        template = [template]
    assert gateway.failure("workflow_template", "1", name="W", template=template)[0] == "VALIDATION"


def test_data_may_nest_as_deep_as_a_workflow_does(gateway: RunningGateway) -> None:
    template: Any = {"Type": "Last", "Children": []}
    for _ in range(30):
        template = {"Type": "Sequence", "Children": [template]}
    gateway.create("workflow_template", "2", name="W", template=template)
    assert gateway.read("workflow_template", "2")["2"]["data"]["template"] == template


def test_a_record_may_be_empty_where_nothing_is_required(gateway: RunningGateway) -> None:
    assert gateway.create("contact", "1")


def test_a_whole_number_beyond_what_doubles_hold_has_no_checksum(gateway: RunningGateway) -> None:
    assert gateway.failure("department", "1", name="D", sort=2**60) == ("VALIDATION", "checksum")


def test_unknown_fields_are_ignored_and_counted_by_a_gateway_that_is_not_strict(small: RunningGateway) -> None:
    members = [{"user_id": small.create("user", "1", **user(1)), "role": "member", "since": NOW}]
    small.create("group", "1", name="G", owner_id=members[0]["user_id"], members=members, colour="red")
    assert '"ignored_fields":2' in small.log


def test_a_text_that_is_too_long_is_invalid(small: RunningGateway) -> None:
    assert small.failure("department", "1", name="D" * 21) == ("VALIDATION", "name")
    assert small.failure("user", "7", **user(7, custom={"UF_A": [{"b": "x" * 21}]})) == ("VALIDATION", "custom")


def test_a_text_is_measured_in_characters(small: RunningGateway) -> None:
    assert small.create("department", "2", name="Я" * 20)


def test_nothing_here_was_an_error_of_the_gateway(gateway: RunningGateway) -> None:
    assert "gateway.errors" not in gateway.log
    assert "Traceback" not in gateway.log


def test_an_item_is_checked_in_the_order_of_the_contract(gateway: RunningGateway) -> None:
    gateway.create("user", "80", **user(80))
    department = gateway.create("department", "80", name="There")
    taken = user(80, department_ids=[department])
    nowhere = user(80, department_ids=["999999"])
    wrong_field = nowhere | {"active": "yes"}
    none = "0" * 64
    wrong: list[tuple[Any, str, str]] = [
        (item("user", "81", None, idempotency_key=f"source:user:80:{none}"), "VALIDATION", "data"),
        (
            item("user", "81", wrong_field, checksum=none, idempotency_key=f"source:user:80:{none}"),
            "VALIDATION",
            "idempotency_key",
        ),
        (
            item("user", "81", wrong_field, checksum=none, idempotency_key=f"source:user:81:{none}"),
            "VALIDATION",
            "checksum",
        ),
        (item("user", "81", wrong_field), "VALIDATION", "active"),
        (item("user", "81", nowhere), "REFERENCE", "department_ids"),
        (item("user", "81", taken), "CONFLICT", "email"),
    ]
    told = [gateway.write("user", one)["failed"][0] for one, _, _ in wrong]
    assert [(one["code"], one["field"]) for one in told] == [(code, field) for _, code, field in wrong]
