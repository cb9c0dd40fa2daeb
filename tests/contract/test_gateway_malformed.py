"""Whole calls that the gateway refuses (contract §2): what is no JSON, has another shape, is too large, is unknown."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.gateway.gateway_process import CODE, RunningGateway, item, running, user


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that takes little at a time."""
    with running(tmp_path_factory.mktemp("malformed"), {"GATEWAY_MAX_BYTES": "50000"}) as process:
        yield process


BROKEN = {
    "nothing but a brace": b"{",
    "not JSON": b"run_id=r&items=",
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "NaN": b'{"run_id": "r", "batch_id": "b", "items": [NaN]}',
    "Infinity": b'{"run_id": "r", "batch_id": "b", "items": [-Infinity]}',
    "a number beyond all doubles": b'{"run_id": "r", "batch_id": "b", "items": [1e999]}',
    "bytes that are not UTF-8": b'{"run_id": "r\xff", "batch_id": "b", "items": []}',
    "an encoded surrogate": b'{"run_id": "r\xed\xa0\x80", "batch_id": "b", "items": []}',
    "a lone surrogate": b'{"run_id": "r\\ud800", "batch_id": "b", "items": []}',
    "UTF-16": '{"run_id": "r", "batch_id": "b", "items": []}'.encode("utf-16"),
    "a name twice": b'{"run_id": "r", "run_id": "s", "batch_id": "b", "items": []}',
    "a name twice deep inside": b'{"run_id": "r", "batch_id": "b", "items": [{"data": {"a": 1, "a": 1}}]}',
    "nesting without an end": b'{"items": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a comment": b'{"run_id": "r", "batch_id": "b", "items": []} // yes',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_not_a_json_object_is_malformed(gateway: RunningGateway, content: bytes) -> None:
    answer = gateway.post("import.users.batch", content=content)
    assert (answer.status_code, answer.json()["error"]) == (400, "MALFORMED")


WRONG_CALLS: list[tuple[str, Any]] = [
    ("import.users.batch", {}),
    ("import.users.batch", {"run_id": "r", "batch_id": "b"}),
    ("import.users.batch", {"run_id": "r", "batch_id": "b", "items": {}}),
    ("import.users.batch", {"run_id": "r", "batch_id": "b", "items": None}),
    ("import.users.batch", {"run_id": 1, "batch_id": "b", "items": []}),
    ("import.users.batch", {"run_id": "", "batch_id": "b", "items": []}),
    ("import.users.batch", {"run_id": "r", "batch_id": [], "items": []}),
    ("import.users.batch", {"run_id": "r", "items": []}),
    ("import.count", {}),
    ("import.count", {"entity": "lead"}),
    ("import.count", {"entity": ["user"]}),
    ("import.read", {"entity": "user"}),
    ("import.read", {"entity": "user", "source_ids": "1"}),
    ("import.read", {"entity": "user", "source_ids": [1]}),
    ("import.list", {"entity": "user", "after": 5}),
    ("import.list", {"entity": "user", "after": []}),
    ("import.list", {"entity": "user", "limit": 0}),
    ("import.list", {"entity": "user", "limit": "10"}),
    ("import.list", {"entity": "user", "limit": True}),
    ("import.list", {"entity": "user", "limit": 1.5}),
    ("import.delete", {"entity": "user", "run_id": "r", "batch_id": "b"}),
    ("import.delete", {"entity": "user", "batch_id": "b", "items": []}),
    ("import.rollback", {"entity": "user", "phase": "restore"}),
    ("import.rollback", {"entity": "user", "run_id": "r", "phase": "undo"}),
    ("import.rollback", {"entity": "user", "run_id": "r"}),
    ("import.rollback", {"entity": "user", "run_id": "r", "phase": "delete", "limit": -1}),
    ("import.schema.check", {"entity": "user", "custom": "UF_A"}),
    ("import.schema.check", {"entity": "user", "codes": ["stage_id"]}),
    ("import.schema.check", {"entity": "user", "codes": {"stage_id": "NEW"}}),
    ("import.media.get", {}),
    ("import.media.get", {"media_id": {"a": 1}}),
    ("import.media.get", {"media_id": "m-unknown"}),
    ("import.media.list", {"limit": {}}),
]


@pytest.mark.parametrize(("method", "body"), WRONG_CALLS, ids=json.dumps)
def test_a_call_of_another_shape_is_malformed(gateway: RunningGateway, method: str, body: Any) -> None:
    answer = gateway.post(method, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "MALFORMED")
    assert answer.json().keys() == {"error", "message", "details"}


def test_a_body_that_is_too_large_is_refused_before_it_is_parsed(gateway: RunningGateway) -> None:
    answer = gateway.post("import.users.batch", content=b"{" * 50_001)
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")


def test_a_body_that_does_not_say_how_large_it_is_is_refused_all_the_same(gateway: RunningGateway) -> None:
    answer = gateway.post("import.users.batch", content=(b"{" * 10_000 for _ in range(6)))
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")


def test_a_client_that_closes_after_sending_gets_the_refusal_of_a_large_body(gateway: RunningGateway) -> None:
    answer = gateway.post("import.users.batch", content=b" " * 20_000_000, headers={"Connection": "close"})
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")


def test_more_items_than_a_call_may_have_are_refused_as_a_whole(gateway: RunningGateway) -> None:
    items = [item("user", str(number), user(number)) for number in range(500, 601)]
    answer = gateway.post("import.users.batch", {"run_id": "r", "batch_id": "b", "items": items})
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")
    assert gateway.read("user", "500", "600") == {}


def test_more_ids_than_a_call_may_ask_for_are_refused(gateway: RunningGateway) -> None:
    answer = gateway.post("import.read", {"entity": "user", "source_ids": [str(number) for number in range(101)]})
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")


def test_a_method_that_does_not_exist_is_unknown(gateway: RunningGateway) -> None:
    by_path = gateway.http.post(f"{gateway.base}/api/import/nothing", headers={"Authorization": f"Bearer 7:{CODE}"})
    for answer in (gateway.post("import.users.delete"), by_path):
        assert (answer.status_code, answer.json()["error"]) == (404, "UNKNOWN_METHOD")


def test_nothing_here_was_an_error_of_the_gateway(gateway: RunningGateway) -> None:
    assert "gateway.errors" not in gateway.log
    assert "Traceback" not in gateway.log
