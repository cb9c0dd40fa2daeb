"""What an answer of the portal means: the body's ``error`` decides before the HTTP status (API facts §1.4, §1.5)."""

import re
from collections.abc import Mapping

from connectors.bitrix24.operating import read_operating
from shared.http.redaction import redact
from shared.model.errors import EntityStopped, PortageError, RetryLater, RunStopped, SlowDown
from shared.model.json import Json

_Kind = tuple[type[PortageError], str]

_THROTTLED: _Kind = (SlowDown, "source.throttled")
_STUMBLED: _Kind = (RetryLater, "source.unexpected_answer")
_UNAUTHORISED: _Kind = (RunStopped, "source.unauthorised")
_DENIED: _Kind = (EntityStopped, "source.denied")
_NOT_FOUND: _Kind = (EntityStopped, "source.not_found")
_REFUSED: _Kind = (EntityStopped, "source.refused")

_CODES: Mapping[str, _Kind] = {
    "query_limit_exceeded": _THROTTLED,
    "operation_time_limit": (SlowDown, "source.operating_limit"),
    "overload_limit": (RunStopped, "source.overloaded"),
    "internal_server_error": _STUMBLED,
    "error_unexpected_answer": _STUMBLED,
    "error_method_not_found": (EntityStopped, "source.method_missing"),
    "error_batch_method_not_allowed": (EntityStopped, "source.method_missing"),
    "error_not_found": _NOT_FOUND,
    "not_found": _NOT_FOUND,
    "no_auth_found": _UNAUTHORISED,
    "expired_token": _UNAUTHORISED,
    "invalid_token": _UNAUTHORISED,
    "invalid_grant": _UNAUTHORISED,
    "authorization_error": _UNAUTHORISED,
    "application_not_found": _UNAUTHORISED,
    "error_oauth": _UNAUTHORISED,
    "invalid_request": _UNAUTHORISED,
    "portal_deleted": _UNAUTHORISED,
    "payment_required": _UNAUTHORISED,
    "access_denied": _DENIED,
    "access_error": _DENIED,
    "insufficient_scope": _DENIED,
    "invalid_credentials": _DENIED,
    "user_access_error": _DENIED,
    "wrong_auth_type": _DENIED,
    "method_confirm_denied": _DENIED,
    "method_confirm_waiting": _DENIED,
    "allowed_only_intranet_user": _DENIED,
}

_OPERATING_PAUSE = 60.0
"""Seconds a method rests when the portal does not say how long; baskets are one minute (API facts §2.2)."""

_SHORTEST_PAUSE = 1.0
_SERVER_ERROR = 500
_LONGEST = 300
_BREAK = re.compile(r"(?i)<br\s*/?>")


def classify_body(body: Json, status: int, resets_in: float | None = None) -> PortageError | None:
    """A decoded answer. None when it has no ``error`` key; an empty or odd value of it is still an error.

    ``resets_in`` is in how many seconds the method's ``operating`` falls, should the body itself not say so.
    """
    if not isinstance(body, dict) or ("error" not in body and "result" not in body):
        return classify_page(status)
    if "error" not in body:
        return None
    code, text = _code(body)
    kind = _CODES.get(code.lower())
    if kind is None:
        kind = _STUMBLED if status >= _SERVER_ERROR else _REFUSED
    error, reason = kind
    pause = _pause(body, resets_in) if reason == "source.operating_limit" else None
    message = " ".join(_BREAK.sub(" ", redact(f"{code or 'error'}: {text}")).split())
    return error(reason, message[:_LONGEST], retry_after=pause)


def is_error(result: Json) -> bool:
    """Whether a method returned an error instead of failing with it, as some do (API facts §1.4)."""
    return isinstance(result, dict) and bool(result.get("error")) and "error_description" in result


def classify_page(status: int) -> PortageError:
    """An answer that is not one of the API: HTML of a proxy, or a body cut short."""
    if status in (429, 503):
        return SlowDown("source.throttled", f"HTTP {status} without a body that can be read")
    if status in (301, 302, 303, 307, 308):
        return RunStopped("source.unauthorised", "The portal redirects: it was renamed, correct the webhook URL")
    if status == 401:
        return RunStopped("source.unauthorised", "HTTP 401")
    return RetryLater("source.unexpected_answer", f"HTTP {status} with a body that is not the API's")


def _pause(body: Mapping[str, Json], resets_in: float | None) -> float:
    """Seconds until the method may be called again."""
    told = read_operating(body.get("time")) or read_operating(body)
    if told is not None and told.resets_in is not None:
        resets_in = told.resets_in
    return _OPERATING_PAUSE if resets_in is None else max(_SHORTEST_PAUSE, resets_in)


def _code(body: Mapping[str, Json]) -> tuple[str, str]:
    error = body["error"]
    if isinstance(error, dict):  # REST 3
        return str(error.get("code") or ""), str(error.get("message") or "")
    return "" if error is None else str(error), str(body.get("error_description") or "")
