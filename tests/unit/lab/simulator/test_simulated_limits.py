"""The leaky bucket and the operating baskets, on a clock of the test's own (API facts §2.1, §2.2)."""

import pytest

from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.limits import LeakyBucket, Operating


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _admitted(bucket: LeakyBucket, requests: int) -> int:
    return sum(bucket.admit() for _ in range(requests))


def test_a_burst_goes_through_and_no_more(clock: Clock) -> None:
    bucket = LeakyBucket(2.0, 50, clock)
    assert _admitted(bucket, 60) == 50


def test_the_bucket_drains_at_the_turn_of_a_second(clock: Clock) -> None:
    bucket = LeakyBucket(2.0, 50, clock)
    _admitted(bucket, 50)
    clock.now += 0.9
    assert _admitted(bucket, 1) == 0
    clock.now += 0.1
    assert _admitted(bucket, 5) == 1


def test_a_refused_request_fills_the_bucket_too(clock: Clock) -> None:
    bucket = LeakyBucket(2.0, 50, clock)
    _admitted(bucket, 56)
    clock.now += 2.0
    assert not bucket.admit()


def test_a_full_bucket_is_empty_after_a_pause(clock: Clock) -> None:
    bucket = LeakyBucket(2.0, 50, clock)
    _admitted(bucket, 50)
    clock.now += 25.0
    assert _admitted(bucket, 51) == 50


def test_without_a_rate_nothing_is_refused(clock: Clock) -> None:
    assert _admitted(LeakyBucket(0.0, 1, clock), 100) == 100


def test_the_call_that_crosses_the_line_goes_through_and_the_next_is_refused(clock: Clock) -> None:
    operating = Operating(10.0, clock=clock)
    operating.check("w", "user.get")
    operating.add("w", "user.get", 11.0)
    with pytest.raises(PortalError) as refused:
        operating.check("w", "user.get")
    assert (refused.value.code, refused.value.status) == ("OPERATION_TIME_LIMIT", 429)


def test_only_the_method_of_that_webhook_is_blocked(clock: Clock) -> None:
    operating = Operating(10.0, clock=clock)
    operating.add("w", "user.get", 11.0)
    operating.check("w", "department.get")
    operating.check("v", "user.get")


def test_calls_of_one_minute_share_a_basket_that_counts_from_its_first_call(clock: Clock) -> None:
    operating = Operating(clock=clock)
    operating.add("w", "user.get", 1.0)
    clock.now += 59.0
    operating.add("w", "user.get", 2.0)
    assert operating.spent("w", "user.get").operating_reset_at == 1_600
    clock.now = 1_600.0
    assert operating.spent("w", "user.get").operating == 0.0


def test_after_the_reset_time_the_younger_baskets_still_count(clock: Clock) -> None:
    operating = Operating(clock=clock)
    operating.add("w", "user.get", 1.0)
    clock.now += 60.0
    operating.add("w", "user.get", 2.0)
    clock.now = 1_600.0
    spent = operating.spent("w", "user.get")
    assert (spent.operating, spent.operating_reset_at) == (2.0, 1_660)


def test_calls_faster_than_a_tenth_of_a_second_leave_no_trace(clock: Clock) -> None:
    operating = Operating(clock=clock)
    operating.add("w", "user.get", 0.09)
    assert operating.spent("w", "user.get").operating == 0.0


def test_without_a_limit_no_method_is_blocked(clock: Clock) -> None:
    operating = Operating(0.0, clock=clock)
    operating.add("w", "user.get", 10_000.0)
    operating.check("w", "user.get")
