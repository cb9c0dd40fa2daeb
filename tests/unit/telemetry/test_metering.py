"""Sums and readings of a meter."""

from shared.ports.telemetry import Kind, Metric
from shared.telemetry.metering import Meter

CALLS = Metric("portage.calls", Kind.COUNTER, "Calls", ("method",))
DEPTH = Metric("portage.depth", Kind.GAUGE, "Depth")
LATENCY = Metric("portage.latency_ms", Kind.HISTOGRAM, "Latency")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_reading_holds_what_came_in_since_the_one_before() -> None:
    meter = Meter()
    meter.add(CALLS, "user.get", value=3)
    meter.drain()
    meter.add(CALLS, "user.get", value=2)
    assert [(one.labels, one.value) for one in meter.drain()] == [(("user.get",), 2.0)]


def test_totals_hold_everything_since_the_process_began() -> None:
    meter = Meter()
    meter.add(CALLS, "user.get", value=3)
    meter.drain()
    meter.add(CALLS, "user.get", value=2)
    assert [total.value for _, _, total in meter.totals()] == [5.0]


def test_nothing_new_is_no_reading() -> None:
    meter = Meter()
    meter.set(DEPTH, value=1)
    meter.drain()
    assert meter.drain() == []


def test_a_gauge_shows_its_last_value() -> None:
    meter = Meter()
    meter.set(DEPTH, value=7)
    meter.set(DEPTH, value=4)
    assert [(one.value, one.count, one.least, one.most) for one in meter.drain()] == [(4.0, 1, 4.0, 4.0)]


def test_a_gauge_that_nobody_sets_any_more_is_not_shown() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.set(DEPTH, value=7)
    clock.now += 181
    assert list(meter.totals()) == []


def test_a_distribution_tells_how_many_values_there_were_and_their_extremes() -> None:
    meter = Meter()
    for milliseconds in (30.0, 70.0, 20.0):
        meter.observe(LATENCY, value=milliseconds)
    (reading,) = meter.drain()
    assert (reading.value, reading.count, reading.least, reading.most) == (120.0, 3, 20.0, 70.0)
