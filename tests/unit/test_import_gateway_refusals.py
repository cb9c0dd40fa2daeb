"""What answers that are no receipts mean."""

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.import_gateway.refusals import BatchTooLarge, Malformed, NotOffered, classify
from shared.http.client import Answer
from shared.http.redaction import register_secret
from shared.model.errors import PortageError, RetryLater, RunStopped, SlowDown

PAGE = b"<html><body>Bad gateway</body></html>"


def _answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, httpx.Headers(headers), body, 0.1)


def _refused(code: str, status: int = 400, message: str = "why", **headers: str) -> PortageError:
    body = orjson.dumps({"error": code, "message": message, "details": {}})
    error = classify(_answer(status, body, **headers))
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("UNAUTHORIZED", RunStopped, "target.unauthorised"),
        ("METHOD_NOT_ALLOWED", NotOffered, "target.refused"),
        ("IP_NOT_ALLOWED", RunStopped, "target.refused"),
        ("UNKNOWN_METHOD", NotOffered, "target.refused"),
        ("MALFORMED", Malformed, "target.refused"),
        ("BATCH_TOO_LARGE", BatchTooLarge, "target.refused"),
        ("RATE_LIMITED", SlowDown, "target.throttled"),
        ("UNAVAILABLE", RetryLater, "target.unreachable"),
        ("SOMETHING_NEW", RetryLater, "target.unexpected_answer"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 429, 503])
def test_the_code_in_the_body_decides_whatever_the_status(
    code: str, kind: type[PortageError], reason: str, status: int
) -> None:
    error = _refused(code, status)
    assert type(error) is kind
    assert error.reason.code == reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, RetryLater),
        (302, RetryLater),
        (401, RetryLater),
        (404, RetryLater),
        (502, RetryLater),
        (413, BatchTooLarge),
        (429, SlowDown),
    ],
)
def test_a_page_of_html_comes_from_a_proxy(status: int, kind: type[PortageError]) -> None:
    assert type(classify(_answer(status, PAGE))) is kind


def test_the_time_to_wait_is_handed_on() -> None:
    assert _refused("RATE_LIMITED", 429, **{"retry-after": "7"}).retry_after == 7.0


@pytest.mark.parametrize("value", ["soon", "-1", "1e999", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_time_to_wait_that_is_no_number_of_seconds_is_left_out(value: str) -> None:
    assert _refused("RATE_LIMITED", 429, **{"retry-after": value}).retry_after is None


def test_the_gateways_own_words_reach_the_operator_in_brief() -> None:
    error = _refused("MALFORMED", message="x" * 10_000)
    assert error.message.startswith("The gateway answered MALFORMED: xxx")
    assert len(error.message) <= 300


def test_a_gateway_that_quotes_the_secret_does_not_spread_it() -> None:
    register_secret("s3cr3t-code")
    assert "s3cr3t-code" not in _refused("MALFORMED", message="POST /webhook/7/s3cr3t-code/x and s3cr3t-code").message


def test_a_json_object_with_status_200_is_no_refusal() -> None:
    assert classify(_answer(200, b'{"imported": []}')) is None


@given(st.integers(100, 599), st.binary(max_size=50) | st.just(PAGE))
def test_an_answer_without_json_is_never_a_success(status: int, body: bytes) -> None:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        assert classify(_answer(status, body)) is not None
