"""Who may call what from where (contract §1): codes, addresses, methods, both spellings of a call."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.unit.gateway.gateway_process import CODE, METHODS, RunningGateway, item, running, user

OLD, EXPIRED = "0ld-code", "exp1red-code"
OLD_ENDS = int(time.time()) + 3600


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Two codes of a user overlap; a third has expired. A proxy on this machine is trusted."""
    settings = {
        "GATEWAY_CODES": f"7:{OLD}:{OLD_ENDS},7:{CODE},7:{EXPIRED}:{time.time() - 1:.0f},8:of-an0ther",
        "GATEWAY_TRUSTED_PROXIES": "127.0.0.1,10.9.0.0/16",
        "GATEWAY_IP_ALLOW": "127.0.0.1,192.0.2.0/24,2001:db8::/32",
        "GATEWAY_METHODS": ",".join(
            [
                "import.capabilities",
                "import.count",
                *(method for method, _, _ in METHODS.values() if "crm" not in method),
            ]
        ),
    }
    with running(tmp_path_factory.mktemp("access"), settings) as process:
        yield process


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body.keys() == {"error", "message", "details"}
    return answer.status_code, body["error"]


@pytest.mark.parametrize("code", [OLD, CODE])
def test_old_and_new_code_are_valid_at_once(gateway: RunningGateway, code: str) -> None:
    assert gateway.post("import.capabilities", code=code).status_code == 200


def test_who_calls_is_told_when_the_code_expires(gateway: RunningGateway) -> None:
    told = {code: gateway.post("import.capabilities", code=code).json() for code in (OLD, CODE)}
    assert told[OLD]["code_expires_at"] == OLD_ENDS
    assert "code_expires_at" not in told[CODE]


@pytest.mark.parametrize("code", [EXPIRED, "wr0ng", "of-an0ther", "%00", "%FF", "%D1%8F"])
def test_any_other_code_is_unauthorised(gateway: RunningGateway, code: str) -> None:
    assert _refusal(gateway.post("import.capabilities", code=code)) == (401, "UNAUTHORIZED")


def test_a_call_without_code_is_unauthorised(gateway: RunningGateway) -> None:
    assert _refusal(gateway.http.post(f"{gateway.base}/api/import/users")) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "header", [f"Basic 7:{CODE}", f"7:{CODE}", "Bearer 7", "Bearer", f"Bearer :{CODE}", "Bearer 7:"]
)
def test_another_form_of_authorization_is_unauthorised(gateway: RunningGateway, header: str) -> None:
    answer = gateway.http.post(f"{gateway.base}/api/import/users", headers={"Authorization": header}, json={})
    assert _refusal(answer) == (401, "UNAUTHORIZED")


def test_every_write_method_answers_at_its_plain_path_too(gateway: RunningGateway) -> None:
    enabled = {entity: path for entity, (_, path, _) in METHODS.items() if not path.startswith("crm/")}
    for path in enabled.values():
        answer = _plain(gateway, path, {"run_id": "r", "batch_id": "b", "items": []})
        assert (path, answer.status_code, answer.json()) == (
            path,
            200,
            {"imported": [], "skipped": [], "duplicate": [], "failed": []},
        )


def test_both_spellings_of_a_call_write_to_the_same_records(gateway: RunningGateway) -> None:
    call = {"run_id": "r", "batch_id": "b", "items": [item("user", "1", user(1))]}
    first, second = gateway.ask("import.users.batch", call), _plain(gateway, "users", call).json()
    assert second["duplicate"][0]["target_id"] == first["imported"][0]["target_id"]


def test_a_plain_path_that_is_no_write_method_is_refused(gateway: RunningGateway) -> None:
    assert _refusal(_plain(gateway, "nothing", {}))[0] in (403, 404)


@pytest.mark.parametrize("method", ["user.get", "important", "Import.users.batch", "import", "ximport.users.batch"])
def test_a_method_that_is_not_of_import_is_refused(gateway: RunningGateway, method: str) -> None:
    assert _refusal(gateway.post(method)) == (403, "METHOD_NOT_ALLOWED")


def test_a_method_that_is_not_enabled_is_refused_at_both_spellings(gateway: RunningGateway) -> None:
    assert _refusal(gateway.post("import.crm.deals")) == (403, "METHOD_NOT_ALLOWED")
    assert _refusal(_plain(gateway, "crm/deals", {})) == (403, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("forwarded", ["192.0.2.7", "198.51.100.1, 192.0.2.7", "192.0.2.7, 10.9.3.4", "2001:db8::5"])
def test_the_proxy_that_is_trusted_names_the_caller(gateway: RunningGateway, forwarded: str) -> None:
    assert gateway.post("import.capabilities", headers={"X-Forwarded-For": forwarded}).status_code == 200


@pytest.mark.parametrize("forwarded", ["198.51.100.1", "192.0.2.7, 198.51.100.1", "198.51.100.1, 10.9.3.4", "nonsense"])
def test_a_caller_outside_the_allow_list_is_refused(gateway: RunningGateway, forwarded: str) -> None:
    answer = gateway.post("import.capabilities", headers={"X-Forwarded-For": forwarded})
    assert _refusal(answer) == (403, "IP_NOT_ALLOWED")


def test_a_header_that_is_sent_twice_counts_as_one(gateway: RunningGateway) -> None:
    headers = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-For", "198.51.100.1")]
    assert _refusal(gateway.post("import.capabilities", headers=headers)) == (403, "IP_NOT_ALLOWED")


def test_a_caller_who_is_no_trusted_proxy_cannot_name_another_address(tmp_path: Any) -> None:
    with running(tmp_path, {"GATEWAY_IP_ALLOW": "192.0.2.0/24", "GATEWAY_TRUSTED_PROXIES": "192.0.2.1"}) as gateway:
        answer = gateway.post("import.capabilities", headers={"X-Forwarded-For": "192.0.2.7"})
        assert _refusal(answer) == (403, "IP_NOT_ALLOWED")


def test_the_code_is_checked_before_the_address_and_the_address_before_the_method(gateway: RunningGateway) -> None:
    elsewhere = {"X-Forwarded-For": "198.51.100.1"}
    assert _refusal(gateway.post("user.get", code="wr0ng", headers=elsewhere)) == (401, "UNAUTHORIZED")
    assert _refusal(gateway.post("user.get", headers=elsewhere)) == (403, "IP_NOT_ALLOWED")


def test_health_is_open_and_says_nothing_of_what_is_stored(gateway: RunningGateway) -> None:
    answer = gateway.http.get(f"{gateway.base}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "contract": "1.1"})


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", f"/webhook/7/{CODE}/import.count", 405),
        ("POST", f"/webhook/7/{CODE}/import.count/", 404),
        ("POST", "/", 404),
    ],
)
def test_what_is_no_call_at_all_gets_an_error_of_the_same_form(
    gateway: RunningGateway, verb: str, path: str, status: int
) -> None:
    answer = gateway.http.request(verb, gateway.base + path)
    assert _refusal(answer)[0] == status
    assert CODE not in answer.text


def _plain(gateway: RunningGateway, path: str, body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer 7:{CODE}"}
    return gateway.http.post(f"{gateway.base}/api/import/{path}", headers=headers, json=body)
