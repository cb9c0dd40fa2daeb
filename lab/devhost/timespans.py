"""The .NET constant TimeSpan format (`[d.]hh:mm:ss[.fffffff]`) used by `host.json` and by the orchestrator protocol."""

from __future__ import annotations

import re
from datetime import timedelta

_TIMESPAN = re.compile(r"^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$")


def parse_timespan(text: str) -> timedelta:
    """Parse a non-negative TimeSpan; raises `ValueError` when `text` is not one."""
    match = _TIMESPAN.match(text)
    if match is None:
        raise ValueError(f"not a time span (d.hh:mm:ss): {text!r}")
    days, hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "").ljust(7, "0")[:6]),
    )


def format_timespan(span: timedelta) -> str:
    """Write `span` with an explicit day part and, only when needed, seven fractional digits."""
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{span.days}.{hours:02}:{minutes:02}:{seconds:02}"
    return f"{text}.{span.microseconds * 10:07}" if span.microseconds else text
