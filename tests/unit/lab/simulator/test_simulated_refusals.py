"""Requests that the portal refuses as a whole: too many, overloaded, revoked, unknown (API facts §1.5, §2.1)."""

from typing import Any

import httpx
import pytest

SLOW_DRAIN = ("--rate", "0.001", "--burst", "3")


def _shape(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("error")


def test_requests_over_the_burst_are_refused_and_counted(start_portal: Any) -> None:
    portal = start_portal(*SLOW_DRAIN)
    assert [portal.post("server.time").status_code for _ in range(5)] == [200, 200, 200, 503, 503]
    assert portal.look("stats")["refused"] == 2
    assert _shape(portal.post("server.time")) == (503, "QUERY_LIMIT_EXCEEDED")


def test_a_batch_is_one_request(start_portal: Any) -> None:
    portal = start_portal(*SLOW_DRAIN)
    portal.batch({f"c{number}": "server.time" for number in range(50)})
    assert portal.post("server.time").status_code == 200


def test_requests_that_come_to_nothing_fill_the_bucket_too(start_portal: Any) -> None:
    portal = start_portal(*SLOW_DRAIN)
    answers = [portal.post("no.such.method"), portal.post("server.time", webhook="1/wrong"), portal.post("user.get")]
    assert [answer.status_code for answer in answers] == [404, 401, 200]
    assert portal.post("server.time").status_code == 503


def test_another_address_has_a_bucket_of_its_own(start_portal: Any) -> None:
    portal = start_portal(*SLOW_DRAIN)
    while portal.post("server.time").status_code == 200:
        pass
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as elsewhere:
        assert elsewhere.get(f"{portal.url}/rest/1/secret/server.time").status_code == 200


@pytest.mark.parametrize("status", [200, 429])
def test_the_status_of_a_throttled_request_may_be_another(start_portal: Any, status: int) -> None:
    portal = start_portal(*SLOW_DRAIN, "--burst", "0", "--throttle-status", str(status))
    assert _shape(portal.post("server.time")) == (status, "QUERY_LIMIT_EXCEEDED")


def test_the_status_of_a_throttled_request_changes_while_it_runs(start_portal: Any) -> None:
    portal = start_portal(*SLOW_DRAIN, "--burst", "0")
    portal.mode(throttle_status=200)
    assert portal.post("server.time").status_code == 200


def test_an_overloaded_portal_refuses_everybody_until_it_is_unblocked(start_portal: Any) -> None:
    portal = start_portal()
    portal.mode(overload=True)
    assert _shape(portal.post("server.time")) == (503, "OVERLOAD_LIMIT")
    portal.mode(overload=False)
    assert portal.post("server.time").status_code == 200


def test_a_revoked_webhook_is_unknown_and_the_others_are_not(start_portal: Any) -> None:
    portal = start_portal("--webhook", "1:first", "--webhook", "1:second")
    portal.mode(revoked=["first"])
    assert _shape(portal.post("server.time", webhook="1/first")) == (401, "NO_AUTH_FOUND")
    assert portal.post("server.time", webhook="1/second").status_code == 200


def test_a_secret_belongs_to_one_user(start_portal: Any) -> None:
    portal = start_portal()
    for webhook in ("2/secret", "0/secret", "x/secret"):
        assert _shape(portal.post("server.time", webhook=webhook)) == (401, "NO_AUTH_FOUND")


def test_an_unknown_method_is_told_before_an_unknown_webhook(start_portal: Any) -> None:
    assert _shape(start_portal().post("no.such.method", webhook="1/wrong")) == (404, "ERROR_METHOD_NOT_FOUND")


def test_a_method_outside_the_scopes_is_refused(start_portal: Any) -> None:
    portal = start_portal("--webhook", "1:narrow:department")
    assert _shape(portal.post("user.get", webhook="1/narrow")) == (403, "insufficient_scope")
    assert portal.post("department.get", webhook="1/narrow").status_code == 200


def test_a_method_for_applications_refuses_every_webhook(start_portal: Any) -> None:
    assert _shape(start_portal().post("event.offline.get")) == (403, "ACCESS_DENIED")
