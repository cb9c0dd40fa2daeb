"""Rates (contract §1): per method and user, over both spellings, refused calls apart."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.unit.gateway.gateway_process import CODE, Json, RunningGateway, running

EMPTY: Json = {"run_id": "r", "batch_id": "b", "items": []}
RATES = {
    "import.users.batch": 3,
    "import.groups.batch": 2,
    "import.tasks.batch": 2,
    "import.crm.deals": 2,
    "import.departments.batch": 1,
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with low rates and two users."""
    settings = {
        "GATEWAY_CODES": f"7:{CODE},8:{CODE}",
        "GATEWAY_MAX_BYTES": "1000",
        "GATEWAY_RATE_FACTOR": "0.01",
        "GATEWAY_LIMITS": json.dumps(
            {method: {"max_items": 1, "per_minute": rate * 100} for method, rate in RATES.items()}
        ),
    }
    with running(tmp_path_factory.mktemp("rates"), settings) as process:
        yield process


def test_a_method_that_nobody_was_told_a_rate_of_has_none(gateway: RunningGateway) -> None:
    assert {gateway.post("import.count", {"entity": "deal"}).status_code for _ in range(20)} == {200}


def _plain(gateway: RunningGateway, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer 7:{CODE}"}
    return gateway.http.post(f"{gateway.base}/api/import/{path}", headers=headers, json=EMPTY)


def test_who_calls_too_often_is_told_when_to_come_back(gateway: RunningGateway) -> None:
    statuses = [gateway.post("import.users.batch", EMPTY).status_code for _ in range(3)]
    refused = gateway.post("import.users.batch", EMPTY)
    assert (statuses, refused.status_code, refused.json()["error"]) == ([200] * 3, 429, "RATE_LIMITED")
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_both_spellings_of_a_call_share_the_rate(gateway: RunningGateway) -> None:
    assert gateway.post("import.groups.batch", EMPTY).status_code == 200
    assert _plain(gateway, "groups").status_code == 200
    assert gateway.post("import.groups.batch", EMPTY).status_code == 429
    assert _plain(gateway, "groups").status_code == 429


def test_each_user_has_a_rate_of_his_own(gateway: RunningGateway) -> None:
    statuses = [gateway.post("import.departments.batch", EMPTY, user=user).status_code for user in ("7", "7", "8")]
    assert statuses == [200, 429, 200]


def test_refused_calls_do_not_count(gateway: RunningGateway) -> None:
    refused = [
        gateway.post("import.tasks.batch", EMPTY, code="wr0ng"),
        gateway.post("import.tasks.batch", content=b"{"),
        gateway.post("import.tasks.batch", {}),
        gateway.post("import.tasks.batch", content=b" " * 1001),
        gateway.post("import.tasks.batch", {**EMPTY, "items": [1, 2]}),
    ]
    assert [answer.status_code for answer in refused] == [401, 400, 400, 413, 413]
    statuses = [gateway.post("import.tasks.batch", EMPTY).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_the_rate_is_checked_before_the_size(gateway: RunningGateway) -> None:
    for _ in range(2):
        gateway.post("import.crm.deals", EMPTY)
    assert gateway.post("import.crm.deals", content=b" " * 1001).status_code == 429
