"""Moments and days of the portal: inside they are numbers, outside texts in the portal's zone (API facts §9.6)."""

from datetime import date, datetime, timedelta, timezone

_SUMMER = timezone(timedelta(hours=3))
_WINTER = timezone(timedelta(hours=2))
_FIRST_OF_SUMMER, _LAST_OF_SUMMER = 4, 10
DAY = 86_400

FIRST = int(datetime(2019, 1, 9, tzinfo=_WINTER).timestamp())
"""When the oldest record was made, in Unix seconds."""

SPAN = 2350 * DAY
"""How long records have been made since, in seconds. Whatever is changed while the portal runs, is newer."""


def moment(seconds: int) -> str:
    """Unix seconds → ``2024-08-30T14:29:00+03:00``, in winter with ``+02:00``."""
    local = datetime.fromtimestamp(seconds, _WINTER)
    if _FIRST_OF_SUMMER <= local.month <= _LAST_OF_SUMMER:
        local = datetime.fromtimestamp(seconds, _SUMMER)
    return local.isoformat()


def midnight(day: int) -> str:
    """A day (of ``date.toordinal``) as the portal has it: midnight, shifted by its zone."""
    local = date.fromordinal(day)
    hour = 3 if _FIRST_OF_SUMMER <= local.month <= _LAST_OF_SUMMER else 2
    return f"{local.isoformat()}T0{hour}:00:00+0{hour}:00"


def day_of(seconds: int) -> int:
    """The day of a moment."""
    return datetime.fromtimestamp(seconds, _WINTER).toordinal()


def seconds_of(text: str) -> int:
    """ISO 8601 → Unix seconds; without an offset in portal time. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=_SUMMER)).timestamp())
