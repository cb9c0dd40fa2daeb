"""NCRONTAB expressions."""

from datetime import UTC, datetime

import pytest

from lab.devhost.timers.ncrontab import ScheduleError, parse_schedule

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/15 * * * * *", "2026-03-04T12:00:15"),
        ("0 */5 * * * *", "2026-03-04T12:05:00"),
        ("30 0 12 * * *", "2026-03-04T12:00:30"),
        ("0 0 12 * * *", "2026-03-05T12:00:00"),
        ("0 30 9-17 * * Mon-Fri", "2026-03-04T12:30:00"),
        ("0 0 0 * * Sun", "2026-03-08T00:00:00"),
        ("0 0 0 * * 7", "2026-03-08T00:00:00"),
        ("0 0 0 1 Jan,Jul *", "2026-07-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * 5", "2026-03-13T00:00:00"),
        ("5/20 * * * * *", "2026-03-04T12:00:05"),
        ("*/5 * * * *", "2026-03-04T12:05:00"),
    ],
)
def test_the_next_occurrence_is_the_first_after_the_moment(expression: str, expected: str) -> None:
    assert parse_schedule(expression).after(NOON).replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize(
    "expression", ["", "* * *", "60 * * * * *", "* * * 0 * *", "*/0 * * * * *", "a * * * * *", "5-1 * * * * *"]
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


def test_a_schedule_that_never_occurs_is_refused() -> None:
    with pytest.raises(ScheduleError, match="never"):
        parse_schedule("0 0 0 30 2 *").after(NOON)
