"""Backoff: how long to wait before the same request is made again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.backoff import Backoff

LONGEST_JITTER = Backoff(jitter=lambda bound: bound)
NO_JITTER = Backoff(jitter=lambda _bound: 0.0)


def test_the_bound_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first=0.5, longest=3.0, deadline=100.0, attempts=10, jitter=lambda bound: bound)
    assert [backoff.wait(attempt, 0.0, None) for attempt in range(1, 6)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@given(st.integers(1, 3))
def test_the_wait_is_anything_from_nothing_to_the_bound(attempt: int) -> None:
    bound = LONGEST_JITTER.wait(attempt, 0.0, None)
    wait = Backoff().wait(attempt, 0.0, None)
    assert bound is not None
    assert wait is not None
    assert 0.0 <= wait <= bound


def test_waits_differ() -> None:
    assert len({Backoff().wait(3, 0.0, None) for _ in range(20)}) > 10


def test_the_last_attempt_is_the_last() -> None:
    assert Backoff(attempts=3).wait(2, 0.0, None) is not None
    assert Backoff(attempts=3).wait(3, 0.0, None) is None


def test_nobody_waits_less_than_was_asked_for() -> None:
    assert NO_JITTER.wait(1, 0.0, 2.5) == 2.5
    assert LONGEST_JITTER.wait(3, 0.0, 0.1) == 1.0


@given(st.integers(1, 3), st.floats(0, 20), st.none() | st.floats(0, 1000))
def test_no_wait_goes_past_the_deadline(attempt: int, elapsed: float, retry_after: float | None) -> None:
    wait = Backoff(deadline=8.0).wait(attempt, elapsed, retry_after)
    assert wait is None or elapsed + wait <= 8.0


@pytest.mark.parametrize("elapsed", [7.5, 8.0, 100.0])
def test_a_wait_that_would_go_past_the_deadline_is_not_begun(elapsed: float) -> None:
    assert LONGEST_JITTER.wait(3, elapsed, None) is None
