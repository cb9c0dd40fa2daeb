"""Whole-call errors (contract §2)."""

from typing import Any

_STATUS = {
    "MALFORMED": 400,
    "UNAUTHORIZED": 401,
    "METHOD_NOT_ALLOWED": 403,
    "IP_NOT_ALLOWED": 403,
    "UNKNOWN_METHOD": 404,
    "BATCH_TOO_LARGE": 413,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
}


class CallError(Exception):
    """The call is refused as a whole. ``retry_after`` is in seconds."""

    def __init__(
        self, code: str, message: str, details: dict[str, Any] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = _STATUS[code]
        self.details = details or {}
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """As it is answered."""
        return {"error": self.code, "message": str(self), "details": self.details}
