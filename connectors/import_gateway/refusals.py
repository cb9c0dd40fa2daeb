"""What an answer that is no receipt means for the engine (contract §2, whole-call errors).

The body's code decides; the status speaks only where there is none, because proxies answer on the gateway's behalf.
"""

from collections.abc import Mapping

import orjson

from shared.http.client import Answer
from shared.http.redaction import redact
from shared.model.errors import PortageError, RetryLater, RunStopped, SlowDown
from shared.model.json import Json

_STOPS = {
    "UNAUTHORIZED": "target.unauthorised",
    "IP_NOT_ALLOWED": "target.refused",
}
_LONGEST_MESSAGE = 300


class BatchTooLarge(RunStopped):
    """The call is too large as a whole; a smaller one may pass."""


class Malformed(RunStopped):
    """The call is not as the contract says; where it carries one record alone, that is the record's fault."""


class NotOffered(RunStopped):
    """The gateway does not have the method, or not for us."""


_REFUSED: Mapping[str, type[RunStopped]] = {
    "METHOD_NOT_ALLOWED": NotOffered,
    "UNKNOWN_METHOD": NotOffered,
    "MALFORMED": Malformed,
    "BATCH_TOO_LARGE": BatchTooLarge,
}


def classify(answer: Answer) -> PortageError | None:
    """The error an answer stands for, or None when it is a success with a JSON body."""
    status, retry_after = answer.status, _seconds(answer.headers)
    body = _json(answer.body)
    code = body.get("error") if isinstance(body, dict) else None
    if isinstance(code, str):
        return _by_code(code, str(body.get("message") or ""), retry_after)
    if status == 413:
        return BatchTooLarge("target.refused", "Something before the gateway finds the call too large")
    if status == 429:
        return SlowDown("target.throttled", "Something before the gateway limits the rate", retry_after=retry_after)
    if status >= 500:
        return RetryLater("target.unreachable", f"The gateway answered HTTP {status}", retry_after=retry_after)
    if not 200 <= status < 300 or body is None:
        return RetryLater("target.unexpected_answer", f"HTTP {status} without a body the contract knows")
    return None


def _by_code(code: str, message: str, retry_after: float | None) -> PortageError:
    said = redact(f"The gateway answered {code}: {message}")[:_LONGEST_MESSAGE]
    if code in _STOPS:
        return RunStopped(_STOPS[code], said)
    if code in _REFUSED:
        return _REFUSED[code]("target.refused", said)
    if code == "RATE_LIMITED":
        return SlowDown("target.throttled", said, retry_after=retry_after)
    reason = "target.unreachable" if code == "UNAVAILABLE" else "target.unexpected_answer"
    return RetryLater(reason, said, retry_after=retry_after)


def _seconds(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _json(body: bytes) -> Json:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
