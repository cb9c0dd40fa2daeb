"""Writing: actions, order, patches, one item's failure and the others (contract §2)."""

from collections.abc import Iterator

import pytest

from tests.unit.gateway.gateway_process import RunningGateway, item, running, user


@pytest.fixture(scope="module")
def gateway(gateway_store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with the contract's defaults."""
    with running(tmp_path_factory.mktemp("writes"), gateway_store) as process:
        yield process


def test_a_changed_record_is_updated_under_its_target_id(gateway: RunningGateway) -> None:
    target_id = gateway.create("company", "30", title="A")
    (imported,) = gateway.write("company", item("company", "30", {"title": "B"}))["imported"]
    assert imported == {"source_id": "30", "target_id": target_id, "action": "updated"}
    assert gateway.read("company", "30")["30"]["data"] == {"title": "B"}


def test_the_same_source_id_of_another_entity_is_another_record(gateway: RunningGateway) -> None:
    assert gateway.create("company", "31", title="A") != gateway.create("department", "31", name="A")


def test_an_item_may_refer_to_an_earlier_one_of_the_same_call(gateway: RunningGateway) -> None:
    next_id = str(int(gateway.create("department", "40", name="Before")) + 1)
    parent = item("department", "41", {"name": "Parent"})
    child = item("department", "42", {"name": "Child", "parent_id": next_id})
    assert [one["source_id"] for one in gateway.write("department", parent, child)["imported"]] == ["41", "42"]


def test_an_item_may_not_refer_to_a_later_one_of_the_same_call(gateway: RunningGateway) -> None:
    next_id = str(int(gateway.create("department", "45", name="Before")) + 1)
    child = item("department", "46", {"name": "Child", "parent_id": next_id})
    answer = gateway.write("department", child, item("department", "47", {"name": "Parent"}))
    assert [one["code"] for one in answer["failed"]] == ["REFERENCE"]
    assert [one["source_id"] for one in answer["imported"]] == ["47"]


def test_a_reference_that_was_null_is_patched_later(gateway: RunningGateway) -> None:
    head = gateway.create("user", "50", **user(50))
    gateway.create("department", "50", name="D", head_user_id=None)
    patch = item("department", "50", {"name": "D", "head_user_id": head})
    assert gateway.write("department", patch)["imported"][0]["action"] == "updated"
    assert gateway.read("department", "50")["50"]["data"]["head_user_id"] == head


def test_every_item_of_a_mixed_call_is_in_exactly_one_list(gateway: RunningGateway) -> None:
    gateway.create("user", "60", **user(60))
    gateway.create("user", "61", **user(61))
    same = item("user", "61", user(61))
    answer = gateway.write(
        "user",
        item("user", "60", user(60)),
        {**same, "idempotency_key": f"portal-a:user:61:{same['checksum']}"},
        item("user", "62", user(62)),
        item("user", "63", user(63, department_ids=["777"])),
        item("user", "64", user(64, user_type="king")),
        item("user", "65", user(60)),
        item("user", "66", user(66)),
    )
    assert {name: [one["source_id"] for one in entries] for name, entries in answer.items()} == {
        "imported": ["62", "66"],
        "skipped": ["61"],
        "duplicate": ["60"],
        "failed": ["63", "64", "65"],
    }
    assert [one["code"] for one in answer["failed"]] == ["REFERENCE", "VALIDATION", "CONFLICT"]


def test_an_email_of_another_user_is_a_conflict(gateway: RunningGateway) -> None:
    gateway.create("user", "70", **user(70))
    assert gateway.failure("user", "71", **user(70)) == ("CONFLICT", "email")


def test_an_email_that_its_user_gave_up_is_free(gateway: RunningGateway) -> None:
    gateway.create("user", "72", **user(72))
    gateway.write("user", item("user", "72", user(7200)))
    assert gateway.create("user", "73", **user(72))


def test_an_email_of_a_user_that_import_did_not_make_is_a_conflict(gateway: RunningGateway) -> None:
    gateway.sql(
        "INSERT INTO records (entity, checksum, key, data, run_id, action, email) "
        "VALUES ('user', '', '', '{}', '', '', 'u74@example.com')"
    )
    assert gateway.failure("user", "74", **user(74)) == ("CONFLICT", "email")


def test_what_fails_for_the_moment_is_transient_and_takes_no_other_item_with_it(gateway: RunningGateway) -> None:
    items = [item("user", str(number), user(number)) for number in (80, 81, 82)]
    with gateway.stumbling("INSERT", "records", "81"):
        answer = gateway.write("user", *items)
    assert [one["source_id"] for one in answer["imported"]] == ["80", "82"]
    assert [(one["code"], one["retryable"]) for one in answer["failed"]] == [("TRANSIENT", True)]
    again = gateway.write("user", *items)
    assert [one["source_id"] for one in again["imported"]] == ["81"]
    assert [one["source_id"] for one in again["duplicate"]] == ["80", "82"]


def test_a_failure_late_in_an_item_leaves_nothing_of_it(gateway: RunningGateway) -> None:
    with gateway.stumbling("INSERT", "versions", "85"):
        assert gateway.failure("user", "85", **user(85)) == ("TRANSIENT", None)
    assert gateway.read("user", "85") == {}


def test_a_store_that_throws_a_whole_call_away_is_unavailable(gateway: RunningGateway) -> None:
    items = [item("user", str(number), user(number)) for number in (90, 91)]
    with gateway.stumbling("INSERT", "records", "91", badly=True):
        answer = gateway.post("import.users.batch", {"run_id": "r", "batch_id": "b", "items": items})
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert len(gateway.write("user", *items)["imported"]) == 2
