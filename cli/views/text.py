"""How numbers, durations and instants read, in plain ASCII; and text of others made safe for a terminal."""

from datetime import UTC, datetime

_MINUTE = 60
_HOUR = 3600
_DAY = 24 * _HOUR
_UNCOUNTABLE = "?"
_THOUSAND = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")


def clean(text: object) -> str:
    """Text from outside without control characters: nobody's record moves the operator's cursor."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in str(text))


def number(value: float | None) -> str:
    """Whole numbers with thousands separated; small fractions keep one digit; ``?`` for an unknown one."""
    if value is None:
        return _UNCOUNTABLE
    return f"{value:,.1f}" if value != int(value) and value < 100 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Two units at most: ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if whole < _DAY:
        hours, rest = divmod(whole // _MINUTE, _MINUTE)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(whole // _HOUR, 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def size(count: float | None) -> str:
    """Bytes in the largest fitting unit: ``812 B``, ``4.2 GB``; ``?`` for an unknown one."""
    if count is None:
        return _UNCOUNTABLE
    units = iter(_UNITS)
    unit = next(units)
    while count >= _THOUSAND and (larger := next(units, None)):
        count, unit = count / _THOUSAND, larger
    return f"{number(round(count, 1))} {unit}"


def instant(moment: datetime | None) -> str:
    """An instant in UTC, to the second; empty for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if moment else ""


def clock(moment: datetime) -> str:
    """The time of day of an instant, in UTC."""
    return moment.astimezone(UTC).strftime("%H:%M:%SZ")
