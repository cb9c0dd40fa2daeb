"""What a portal's answers mean: the recorded ones of the official documentation, and the codes of its tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.bitrix24.errors import classify_body, classify_page
from connectors.bitrix24.transport import classify
from shared.http.client import Answer
from shared.http.redaction import register_secret
from shared.model.errors import EntityStopped, PortageError, RetryLater, RunStopped, SlowDown

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8")
)
ANSWERS = [(method, one["status"], one["body"]) for method, examples in RECORDED.items() for one in examples]
ERRORS = [(f"{method}-{body['error']}", status, body) for method, status, body in ANSWERS if "error" in body]
SUCCESSES = [(method, body) for method, _, body in ANSWERS if "error" not in body]

DENIED = {"ACCESS_DENIED", "INVALID_CREDENTIALS"}
NOT_FOUND = {"ERROR_NOT_FOUND", "NOT_FOUND"}
"""The recorded codes that say who may not, and what is not there; all others say that the request is wrong."""


def _answer(body: Any, status: int = 200) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {}, content, 0.1)


def _meaning(error: PortageError | None) -> tuple[type[PortageError], str]:
    assert error is not None
    return type(error), error.reason.code


@pytest.mark.parametrize(("status", "body"), [one[1:] for one in ERRORS], ids=[one[0][:60] for one in ERRORS])
def test_a_recorded_error_is_denied_or_not_found_or_refused(status: list[int] | None, body: dict[str, Any]) -> None:
    code = str(body["error"])
    reason = "source.denied" if code in DENIED else "source.not_found" if code in NOT_FOUND else "source.refused"
    assert _meaning(classify(_answer(body, status[0] if status else 400))) == (EntityStopped, reason)


@pytest.mark.parametrize("body", [one[1] for one in SUCCESSES], ids=[one[0] for one in SUCCESSES])
def test_a_recorded_success_is_no_error(body: dict[str, Any]) -> None:
    assert classify(_answer(body)) is None


CODES = {
    (SlowDown, "source.throttled"): ["QUERY_LIMIT_EXCEEDED"],
    (SlowDown, "source.operating_limit"): ["OPERATION_TIME_LIMIT"],
    (RetryLater, "source.unexpected_answer"): ["INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"],
    (RunStopped, "source.overloaded"): ["OVERLOAD_LIMIT"],
    (RunStopped, "source.unauthorised"): [
        "NO_AUTH_FOUND",
        "expired_token",
        "invalid_token",
        "authorization_error",
        "APPLICATION_NOT_FOUND",
        "ERROR_OAUTH",
        "INVALID_REQUEST",
        "PORTAL_DELETED",
        "PAYMENT_REQUIRED",
    ],
    (EntityStopped, "source.method_missing"): ["ERROR_METHOD_NOT_FOUND", "ERROR_BATCH_METHOD_NOT_ALLOWED"],
    (EntityStopped, "source.denied"): [
        "ACCESS_DENIED",
        "ACCESS_ERROR",
        "insufficient_scope",
        "INVALID_CREDENTIALS",
        "user_access_error",
        "WRONG_AUTH_TYPE",
        "METHOD_CONFIRM_DENIED",
        "METHOD_CONFIRM_WAITING",
        "allowed_only_intranet_user",
    ],
    (EntityStopped, "source.not_found"): ["ERROR_NOT_FOUND", "NOT_FOUND"],
    (EntityStopped, "source.refused"): ["ERROR_CORE", "ERROR_ARGUMENT", "", "0", "100", "A sentence for a code"],
}
BY_CODE = [(code, meaning) for meaning, codes in CODES.items() for code in codes]


@pytest.mark.parametrize(("code", "meaning"), BY_CODE)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 429])
def test_the_code_decides_whatever_the_status(code: str, meaning: tuple[type[PortageError], str], status: int) -> None:
    assert _meaning(classify(_answer({"error": code, "error_description": ""}, status))) == meaning


@pytest.mark.parametrize(("code", "meaning"), BY_CODE)
def test_a_code_is_known_in_any_case(code: str, meaning: tuple[type[PortageError], str]) -> None:
    assert _meaning(classify_body({"error": code.swapcase()}, 200)) == meaning


@pytest.mark.parametrize("status", [429, 503])
def test_too_many_requests_are_throttling_under_either_status(status: int) -> None:
    body = {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
    assert _meaning(classify(_answer(body, status))) == (SlowDown, "source.throttled")


@pytest.mark.parametrize("error", ["SOMETHING_NEW", "", 0, None, False])
def test_an_unknown_code_of_a_server_that_stumbles_is_tried_again(error: Any) -> None:
    assert _meaning(classify_body({"error": error}, 500)) == (RetryLater, "source.unexpected_answer")


@pytest.mark.parametrize("error", ["", 0, 100, None, False, [], {}])
def test_the_key_alone_makes_an_error(error: Any) -> None:
    assert _meaning(classify_body({"error": error, "result": True}, 200)) == (EntityStopped, "source.refused")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, (RetryLater, "source.unexpected_answer")),
        (302, (RunStopped, "source.unauthorised")),
        (401, (RunStopped, "source.unauthorised")),
        (403, (RetryLater, "source.unexpected_answer")),
        (429, (SlowDown, "source.throttled")),
        (502, (RetryLater, "source.unexpected_answer")),
        (503, (SlowDown, "source.throttled")),
    ],
)
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Bad Gateway</html>", b'{"result":[{"ID":"1","NA', b"[]", b"null", b'"ok"', b'{"message":"no"}'],
    ids=["empty", "html", "cut short", "list", "null", "text", "another api"],
)
def test_the_status_decides_when_the_body_is_not_of_the_api(
    body: bytes, status: int, meaning: tuple[type[PortageError], str]
) -> None:
    assert _meaning(classify(_answer(body, status))) == meaning


def test_a_secret_in_a_description_is_not_repeated() -> None:
    register_secret("t0ken-in-a-description")
    error = classify_body({"error": "", "error_description": "no t0ken-in-a-description, no /rest/1/abc/x"}, 400)
    assert str(error) == "error: no ***, no /rest/1/***/x"


def test_a_description_becomes_one_short_line() -> None:
    error = classify_body({"error": "ERROR_CORE", "error_description": "Title<br>\n is\tmissing" + "." * 1000}, 400)
    assert str(error).startswith("ERROR_CORE: Title is missing...")
    assert len(str(error)) <= 300


def test_an_error_of_the_third_version_is_told_with_its_message() -> None:
    error = classify_body({"error": {"code": "BITRIX_REST_V3_EXCEPTION_X", "message": "No such record"}}, 400)
    assert str(error) == "BITRIX_REST_V3_EXCEPTION_X: No such record"


def test_a_page_says_its_status() -> None:
    assert "HTTP 502" in str(classify_page(502))
