"""Answers of the HTTP API: JSON, and errors as problem details (RFC 9457) with a ``code``."""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps

import azure.functions as func
import orjson

from shared.engine.job import NotConfigured
from shared.engine.runs.refusals import ControlError
from shared.model.errors import PortageError
from shared.model.json import Json
from shared.settings.model import SettingsError

_LOG = logging.getLogger("portage.api")

STATUS = {
    "INVALID_REQUEST": 400,
    "FLAG_DISABLED": 403,
    "UNKNOWN_PLAN": 404,
    "UNKNOWN_RUN": 404,
    "UNKNOWN_RECORD": 404,
    "METHOD_NOT_ALLOWED": 405,
    "RUN_ALREADY_ACTIVE": 409,
    "TARGET_CHANGED": 409,
    "INVALID_STATE": 409,
    "TOKEN_STALE": 409,
    "KEY_REUSED": 422,
    "TOO_LARGE": 413,
    "INTERNAL": 500,
    "NOT_CONFIGURED": 503,
    "UNAVAILABLE": 503,
}
"""HTTP status by ``code``."""

_TITLES = {
    "INVALID_REQUEST": "The request is not valid",
    "FLAG_DISABLED": "The plan is switched off",
    "UNKNOWN_PLAN": "There is no such plan",
    "UNKNOWN_RUN": "There is no such run",
    "UNKNOWN_RECORD": "Nothing is known of such a record",
    "METHOD_NOT_ALLOWED": "The route does not take this method",
    "RUN_ALREADY_ACTIVE": "A run of this plan has not ended",
    "TARGET_CHANGED": "The id map belongs to another portal or target",
    "INVALID_STATE": "The run's state does not allow this",
    "TOKEN_STALE": "The confirmation is not of what there is now",
    "KEY_REUSED": "The idempotency key belongs to another request",
    "TOO_LARGE": "The request is too large",
    "INTERNAL": "Something went wrong inside Portage",
    "NOT_CONFIGURED": "A setting is missing or makes no sense",
    "UNAVAILABLE": "A system that is needed does not answer",
}


class Problem(Exception):
    """An answer that is an error. ``errors`` lists what is wrong with single fields: ``{"field", "message"}``."""

    def __init__(self, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors or []


def answer(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """A JSON answer."""
    return func.HttpResponse(orjson.dumps(body), status_code=status, headers=headers, mimetype="application/json")


def problem(error: Problem, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """A problem document; its ``code`` decides the status."""
    status = STATUS[error.code]
    body = {
        "type": "about:blank",
        "title": _TITLES[error.code],
        "status": status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        body["errors"] = error.errors
    return func.HttpResponse(
        orjson.dumps(body), status_code=status, headers=headers, mimetype="application/problem+json"
    )


LARGEST_BODY = 64 * 1024
"""Bytes of a request."""

Handler = Callable[..., Awaitable[func.HttpResponse]]


def _check_size(request: func.HttpRequest) -> None:
    if (size := len(request.get_body())) > LARGEST_BODY:
        raise Problem("TOO_LARGE", f"The body may have {LARGEST_BODY} bytes; this one has {size}")


def guarded(handler: Handler) -> Handler:
    """Refuse too large a request, and turn what a handler raises into a problem document.

    A defect is logged and answered without its trace.
    """

    @wraps(handler)
    async def inner(req: func.HttpRequest, **inputs: object) -> func.HttpResponse:
        try:
            _check_size(req)
            return await handler(req, **inputs)
        except Problem as error:
            found = error
        except ControlError as error:
            found = Problem(error.code, str(error))
        except SettingsError as error:
            wrong = [{"field": name, "message": expected} for name, expected in error.wrong.items()]
            found = Problem("NOT_CONFIGURED", str(error), wrong)
        except NotConfigured as error:
            found = Problem("NOT_CONFIGURED", str(error))
        except PortageError as error:
            found = Problem("UNAVAILABLE", f"{error.reason.code}: {error.message}")
        except Exception:
            _LOG.exception("request failed")
            found = Problem("INTERNAL", "See the log of the function app")
        return problem(found)

    return inner
