"""NCRONTAB: six fields (second minute hour day month weekday), or five without the seconds. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_HORIZON = timedelta(days=366 * 8)


class ScheduleError(ValueError):
    """The expression is not NCRONTAB."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed expression."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime) -> datetime:
        """The first occurrence strictly after `moment`; raises `ScheduleError` when there is none in eight years."""
        candidate = moment.replace(microsecond=0) + timedelta(seconds=1)
        end = moment + _HORIZON
        while candidate < end:
            if not self._has_day(candidate):
                candidate = candidate.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif candidate.hour not in self.hours:
                candidate = candidate.replace(minute=0, second=0) + timedelta(hours=1)
            elif candidate.minute not in self.minutes:
                candidate = candidate.replace(second=0) + timedelta(minutes=1)
            elif candidate.second not in self.seconds:
                candidate += timedelta(seconds=1)
            else:
                return candidate
        raise ScheduleError("the schedule never occurs")

    def _has_day(self, moment: datetime) -> bool:
        # Unlike classic cron, NCRONTAB wants the day of the month and the weekday to hold together.
        return moment.month in self.months and moment.day in self.days and moment.isoweekday() % 7 in self.weekdays


def parse_schedule(expression: str) -> Schedule:
    """Parse an NCRONTAB expression; raises `ScheduleError` naming the field that is wrong."""
    parts = expression.split()
    if len(parts) == 5:
        parts.insert(0, "0")
    if len(parts) != 6:
        raise ScheduleError(f"{expression!r} must have six fields (seconds first)")
    values = [_values(text, *field) for text, field in zip(parts, _FIELDS, strict=True)]
    seconds, minutes, hours, days, months, weekdays = values
    return Schedule(seconds, minutes, hours, days, months, frozenset(day % 7 for day in weekdays))


def _values(text: str, field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        try:
            step = int(step_text) if slash else 1
            first, last = _span(span, field, low, high, open_ended=bool(slash))
        except ValueError:
            raise ScheduleError(f"{text!r} is not valid for the {field}") from None
        if step < 1 or not low <= first <= last <= high:
            raise ScheduleError(f"{text!r} is not valid for the {field} ({low} to {high})")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _span(span: str, field: str, low: int, high: int, *, open_ended: bool) -> tuple[int, int]:
    if span == "*":
        return low, high
    first, dash, last = span.partition("-")
    start = _number(first, field)
    if dash:
        return start, _number(last, field)
    return start, high if open_ended else start


def _number(text: str, field: str) -> int:
    name = text.lower()[:3]
    if field == "month" and name in _MONTHS:
        return _MONTHS.index(name) + 1
    if field == "weekday" and name in _DAYS:
        return _DAYS.index(name)
    return int(text)
