"""Stamps: Unix seconds inside, ISO 8601 in the portal's zone outside (API facts §9.6)."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

_WINTER, _SUMMER = timezone(timedelta(hours=2)), timezone(timedelta(hours=3))
FIRST = 1546300800  # 2019-01-01: nothing in the portal is older
LAST = 1767225600  # 2026-01-01: nothing that it was born with is younger


def written(stamp: int) -> str:
    """With the offset that the portal's zone had on that day: records of one list differ in it."""
    month = datetime.fromtimestamp(stamp, _WINTER).month
    return datetime.fromtimestamp(stamp, _SUMMER if 4 <= month <= 10 else _WINTER).isoformat()


def read(text: Any) -> int | None:
    """Unix seconds; a text without an offset is in portal time; None for what is no date."""
    return _read(str(text))


@lru_cache(maxsize=65536)
def _read(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=_SUMMER)).timestamp())
