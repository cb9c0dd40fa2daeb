"""The ``Retry-After`` header: seconds or a date (RFC 9110, section 10.2.3)."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 600.0
"""Seconds. Who asks for more is asked again after these: nothing is lost by it, and a wrong header does no harm."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by ``headers`` (whose names know no case); None when they do not say, or say nonsense.

    A date is taken relative to the answer's own ``Date``, so our clock may be wrong.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(LONGEST, float(value))
    until = _instant(value)
    if until is None:
        return None
    now = _instant(headers.get("Date", ""))
    return min(LONGEST, max(0.0, until - (time.time() if now is None else now)))


def _instant(value: str) -> float | None:
    """Unix seconds of an HTTP date."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
