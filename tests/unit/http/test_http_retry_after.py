"""The ``Retry-After`` header in both its forms, and in none of them."""

import time
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.retry_after import LONGEST, retry_after

NOON = 1_790_000_000


def test_seconds_are_taken_as_they_are() -> None:
    assert retry_after(httpx.Headers({"retry-after": " 7 "})) == 7.0


def test_a_date_is_measured_by_the_clock_of_the_other_side() -> None:
    headers = {"Retry-After": formatdate(NOON + 30, usegmt=True), "Date": formatdate(NOON, usegmt=True)}
    assert retry_after(httpx.Headers(headers)) == 30.0


def test_a_date_is_measured_by_our_clock_when_the_other_side_tells_no_time() -> None:
    wait = retry_after(httpx.Headers({"Retry-After": formatdate(time.time() + 100, usegmt=True)}))
    assert wait == pytest.approx(100.0, abs=5.0)


def test_a_date_in_another_zone_is_the_same_instant() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2026 10:28:30 +0300", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert retry_after(httpx.Headers(headers)) == 30.0


def test_a_date_without_a_zone_is_utc() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:30 -0000", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert retry_after(httpx.Headers(headers)) == 30.0


def test_a_date_that_has_passed_means_at_once() -> None:
    headers = {"Retry-After": formatdate(NOON - 30, usegmt=True), "Date": formatdate(NOON, usegmt=True)}
    assert retry_after(httpx.Headers(headers)) == 0.0


@pytest.mark.parametrize("value", ["86400", "9" * 400, formatdate(NOON + 86_400, usegmt=True)])
def test_nobody_is_kept_waiting_for_long(value: str) -> None:
    assert retry_after(httpx.Headers({"Retry-After": value, "Date": formatdate(NOON, usegmt=True)})) == LONGEST


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "1e9", "Wed, 41 Oct 2026 07:28:00 GMT", "Wed, 21 Oct"])
def test_nonsense_says_nothing(value: str) -> None:
    assert retry_after(httpx.Headers({"Retry-After": value})) is None


def test_no_header_says_nothing() -> None:
    assert retry_after(httpx.Headers()) is None


@given(st.text(st.characters(codec="latin-1")) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ [\d:]+ [+-]?\w*", fullmatch=True))
def test_no_header_does_harm(value: str) -> None:
    wait = retry_after({"Retry-After": value, "Date": value})
    assert wait is None or 0.0 <= wait <= LONGEST
