"""Idempotency keys and checksums (contract §2): what is written once, what is written again, what is not written."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.gateway.gateway_process import Json, RunningGateway, item, running, user


@pytest.fixture(scope="module")
def gateway(gateway_store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with the contract's defaults."""
    with running(tmp_path_factory.mktemp("keys"), gateway_store) as process:
        yield process


def _written(gateway: RunningGateway, entity: str, source_id: str) -> int:
    query = "SELECT count(*) FROM versions WHERE entity = ? AND source_id = ?"
    return int(gateway.sql(query, entity, source_id)[0][0])


def test_a_repeated_call_writes_once_and_repeats_what_the_first_one_did(gateway: RunningGateway) -> None:
    sent = item("user", "1", user(1))
    target_id = gateway.write("user", sent, run_id="first")["imported"][0]["target_id"]
    assert gateway.write("user", sent, run_id="second") == {
        "imported": [],
        "skipped": [],
        "duplicate": [
            {
                "source_id": "1",
                "target_id": target_id,
                "action": "created",
                "run_id": "first",
                "reason": "key already applied",
            }
        ],
        "failed": [],
    }
    assert _written(gateway, "user", "1") == 1


def test_a_repeated_update_is_a_duplicate_of_the_update(gateway: RunningGateway) -> None:
    gateway.create("company", "2", run_id="first", title="A")
    update = item("company", "2", {"title": "B"})
    gateway.write("company", update, run_id="second")
    (duplicate,) = gateway.write("company", update, run_id="third")["duplicate"]
    assert (duplicate["action"], duplicate["run_id"]) == ("updated", "second")


def test_only_the_key_of_the_current_version_counts(gateway: RunningGateway) -> None:
    versions = [item("company", "3", {"title": title}) for title in ("A", "B", "A")]
    answers = [gateway.write("company", one)["imported"] for one in versions]
    assert [entries[0]["action"] for entries in answers] == ["created", "updated", "updated"]
    assert _written(gateway, "company", "3") == 3


def test_the_same_content_under_another_spelling_of_the_key_is_skipped(gateway: RunningGateway) -> None:
    target_id = gateway.create("company", "4", title="A")
    same = item("company", "4", {"title": "A"})
    answer = gateway.write("company", {**same, "idempotency_key": f"portal-a:crm:company:4:{same['checksum']}"})
    assert answer["skipped"] == [{"source_id": "4", "target_id": target_id, "reason": "unchanged"}]
    assert _written(gateway, "company", "4") == 1


def test_a_skipped_call_leaves_the_key_as_it_was(gateway: RunningGateway) -> None:
    gateway.create("company", "5", title="A")
    same = item("company", "5", {"title": "A"})
    gateway.write("company", {**same, "idempotency_key": f"other:5:{same['checksum']}"})
    assert len(gateway.write("company", same)["duplicate"]) == 1


def test_a_duplicate_stays_one_after_what_it_refers_to_has_gone(gateway: RunningGateway) -> None:
    gateway.create("department", "6", name="D")
    child = item("department", "7", {"name": "C", "parent_id": gateway.read("department", "6")["6"]["target_id"]})
    gateway.write("department", child)
    gateway.sql("DELETE FROM records WHERE entity = 'department' AND source_id = '6'")
    assert len(gateway.write("department", child)["duplicate"]) == 1


def test_identical_calls_at_the_same_time_write_once(gateway: RunningGateway) -> None:
    items = [item("user", str(number), user(number)) for number in range(100, 150)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gateway.write("user", *items), range(8)))
    assert sum(len(answer["imported"]) for answer in answers) == 50
    assert sum(len(answer["duplicate"]) for answer in answers) == 350
    assert len({one["target_id"] for answer in answers for one in answer["imported"] + answer["duplicate"]}) == 50


def test_different_versions_at_the_same_time_leave_one_of_them_whole(gateway: RunningGateway) -> None:
    versions = [item("company", "8", {"title": f"T{number}"}) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: gateway.write("company", one)["imported"][0], versions))
    assert sorted(one["action"] for one in answers) == ["created"] + ["updated"] * 15
    record = gateway.read("company", "8")["8"]
    assert record["checksum"] in {one["checksum"] for one in versions if one["data"] == record["data"]}


# Number, text and key forms whose RFC 8785 form is written out here: nothing that computes it is trusted.
CANONICAL: dict[str, tuple[Json, str]] = {
    "fractions": ([0.1, 1.5, -0.0, 100.0, 333333333.33333329], "[0.1,1.5,0,100,333333333.3333333]"),
    "exponents": ([1e21, 1e-7, 1e20, 0.000001, 5e-324], "[1e+21,1e-7,100000000000000000000,0.000001,5e-324]"),
    "large whole numbers": ([2**53 - 1, -(2**53) + 1], "[9007199254740991,-9007199254740991]"),
    "escapes": ('\u0000\b\t\n\f\r"\\/\u007f', '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f"'),
    "other alphabets": ("Привет 🙂 \u2028", '"Привет 🙂 \u2028"'),
    "keys by UTF-16": ({"\ufb33": 1, "🙂": 2, "я": 3, "1": 4, "": 5}, '{"":5,"1":4,"я":3,"🙂":2,"\ufb33":1}'),
    "nothing": ([None, True, False, [], {}], "[null,true,false,[],{}]"),
}


@pytest.mark.parametrize("name", CANONICAL)
def test_the_checksum_is_that_of_the_rfc_8785_form(gateway: RunningGateway, name: str) -> None:
    value, form = CANONICAL[name]
    number = 200 + list(CANONICAL).index(name)
    data = user(number, custom={"UF_A": value})
    text = f'{{"active":true,"custom":{{"UF_A":{form}}},"email":"u{number}@example.com"}}'
    digest = hashlib.sha256(text.encode()).hexdigest()
    sent = {
        "source_id": str(number),
        "idempotency_key": f"source:user:{number}:{digest}",
        "checksum": digest,
        "data": data,
    }
    assert len(gateway.write("user", sent)["imported"]) == 1
    assert gateway.read("user", str(number))[str(number)]["data"] == data


def test_the_order_of_names_and_the_spelling_of_numbers_do_not_change_the_checksum(gateway: RunningGateway) -> None:
    digest = hashlib.sha256(b'{"name":"D","sort":10}').hexdigest()
    key = f"source:department:300:{digest}"
    sent = f'{{"source_id": "300", "checksum": "{digest}", "idempotency_key": "{key}", "data": %s}}'
    for data in ('{"sort": 1e1, "name": "D"}', '{"name": "\\u0044", "sort": 10.0}'):
        call = f'{{"run_id": "r", "batch_id": "b", "items": [{sent % data}]}}'
        assert gateway.post("import.departments.batch", content=call.encode()).json()["failed"] == []
    assert json.dumps(gateway.read("department", "300")["300"]["checksum"]) == f'"{digest}"'
