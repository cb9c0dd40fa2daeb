"""What callers learn when something goes wrong: a code, and never more than they should."""

import json
import logging
from typing import Any

import azure.functions as func
import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.errors import RetryLater
from triggers.principal import who
from triggers.problems import LARGEST_BODY, guarded

SECRET = "AccountKey=Zm9vYmFy"


def request(body: bytes = b"", **headers: str) -> func.HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest("POST", "http://localhost/api/runs", headers=named, body=body)


async def answered(error: Exception | None, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    @guarded
    async def handler(_req: func.HttpRequest) -> func.HttpResponse:
        if error is not None:
            raise error
        return func.HttpResponse(b'{"code": "fine"}')

    response = await handler(request(body))
    return response.status_code, json.loads(response.get_body())


async def test_a_defect_is_answered_without_its_trace_and_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        status, told = await answered(RuntimeError(SECRET))
    assert (status, told["code"], told["detail"]) == (500, "INTERNAL", "See the log of the function app")
    assert SECRET not in str(told)
    assert "Traceback" not in str(told)


async def test_what_the_engine_refuses_has_its_code() -> None:
    status, told = await answered(ControlError("INVALID_STATE", "A run that is paused cannot be asked to pause"))
    assert (status, told["code"]) == (409, "INVALID_STATE")


async def test_storage_that_is_out_is_told_as_such() -> None:
    status, told = await answered(RetryLater("storage.unreachable", "no answer"))
    assert (status, told["code"]) == (503, "UNAVAILABLE")


async def test_a_body_may_be_as_large_as_is_said_and_no_larger() -> None:
    assert (await answered(None, b" " * LARGEST_BODY))[0] == 200
    assert (await answered(None, b" " * (LARGEST_BODY + 1)))[1]["code"] == "TOO_LARGE"


def test_who_signed_in_is_who_acts_and_else_it_is_the_key() -> None:
    assert who(request(x_ms_client_principal_name=" anna@example.com ")) == "anna@example.com"
    assert who(request()) == "function key"


def test_a_name_that_somebody_claims_is_stored_as_a_claim() -> None:
    assert who(request(x_portage_actor="%D0%90%D0%BD%D0%BD%D0%B0")) == "function key, says to be Анна"
    assert who(request(x_portage_actor="%00 ")) == "function key"


def test_who_signed_in_claims_nothing() -> None:
    assert who(request(x_ms_client_principal_name="anna@example.com", x_portage_actor="boris")) == "anna@example.com"


def test_a_name_is_stored_short_and_printable() -> None:
    assert who(request(x_ms_client_principal_name="a\x1b[31m\u202e" + "b" * 500)) == "a[31m" + "b" * 195
