"""The arithmetic of budgets, for any rhythm of draws and a clock that tells whole seconds."""

from itertools import pairwise
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine.budgets.buckets import Allowance, SlidingWindow, TokenBucket
from shared.model.json import JsonObject

BORN = 1_700_000_000.0
NO_HORIZON = {"until": float("inf"), "span": float("inf")}

rhythms = st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(1, 12), st.floats(0.1, 1.0)), max_size=60)


def _starts(allowance: Allowance, rhythm: list[tuple[float, int, float]]) -> list[float]:
    state: JsonObject = {}
    now, starts = BORN, list[float]()
    for pause, wanted, pace in rhythm:
        now += pause
        told = float(floor(now))
        draw = allowance.draw(state, told, wanted, until=told + 3.0, span=1.0, pace=pace)
        state = draw.state
        starts.extend(draw.starts)
    return starts


def _greedy(allowance: Allowance, seconds: int) -> list[float]:
    """Starts of a client that always wants more, and looks twice a second at a clock without fractions."""
    return _starts(allowance, [(0.5, 10, 1.0)] * (2 * seconds))


@given(rhythms, st.floats(0.1, 20.0), st.floats(1.0, 50.0))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(
    rhythm: list[tuple[float, int, float]], rate: float, burst: float
) -> None:
    starts = sorted(_starts(TokenBucket(rate, burst), rhythm))
    level, before = 0.0, BORN
    for start in starts:
        level = max(0.0, level - (start - before) * rate) + 1
        before = start
        assert level <= burst + 1e-3


@given(rhythms, st.integers(1, 600))
def test_a_window_never_holds_more_than_its_limit(rhythm: list[tuple[float, int, float]], limit: int) -> None:
    starts = sorted(_starts(SlidingWindow(limit), rhythm))
    assert all(later - first >= 60.0 for first, later in zip(starts, starts[limit:], strict=False))


@given(rhythms, st.floats(0.0, 5.0))
def test_no_call_starts_beyond_the_horizon_or_the_span(rhythm: list[tuple[float, int, float]], horizon: float) -> None:
    allowance, state, now = SlidingWindow(100), JsonObject(), BORN
    for pause, wanted, pace in rhythm:
        now += pause
        draw = allowance.draw(state, now, wanted, until=now + horizon, span=0.5, pace=pace)
        state = draw.state
        assert all(now <= start <= now + horizon for start in draw.starts)
        assert not draw.starts or draw.starts[-1] - draw.starts[0] <= 0.5


@given(rhythms)
def test_what_was_not_granted_is_announced(rhythm: list[tuple[float, int, float]]) -> None:
    allowance, state, now = TokenBucket(2.0, 5.0), JsonObject(), BORN
    for pause, wanted, pace in rhythm:
        now += pause
        draw = allowance.draw(state, now, wanted, until=now + 1.0, span=9.0, pace=pace)
        state = draw.state
        assert (draw.next is None) == (len(draw.starts) == wanted)
        assert draw.next is None or draw.next > now + 1.0


def test_a_bucket_gives_its_whole_rate_in_the_long_run() -> None:
    starts = _greedy(TokenBucket(2.0, 40.0), 1000)
    assert len(starts) >= 2.0 * 1000


@settings(max_examples=10)
@given(st.integers(3, 600))
def test_a_window_gives_at_least_95_per_cent_of_its_limit_in_the_long_run(limit: int) -> None:
    starts = _greedy(SlidingWindow(limit), 620)
    assert len(starts) >= 0.95 * limit * 620 / 60


def test_a_window_leaves_no_gap_longer_than_a_few_seconds() -> None:
    starts = _greedy(SlidingWindow(300), 200)
    assert max(later - first for first, later in pairwise(starts)) < 3.0


def test_a_fresh_bucket_starts_full() -> None:
    draw = TokenBucket(2.0, 40.0).draw({}, BORN, 50, until=BORN, span=1.0)
    assert draw.starts == (BORN,) * 40


def test_a_lower_pace_refills_more_slowly() -> None:
    draw = TokenBucket(2.0, 1.0).draw({}, BORN, 3, pace=0.5, **NO_HORIZON)
    assert draw.starts == (BORN, BORN + 1.0, BORN + 2.0)


def test_a_clock_that_steps_back_gives_nothing_twice() -> None:
    bucket = TokenBucket(1.0, 5.0)
    state = bucket.draw({}, BORN, 5, until=BORN, span=0.0).state
    state = bucket.draw(state, BORN - 100.0, 5, until=BORN, span=0.0).state
    assert bucket.draw(state, BORN + 1.0, 5, until=BORN + 1.0, span=0.0).starts == (BORN + 1.0,)


def test_a_refusal_empties_the_bucket_but_keeps_its_debts() -> None:
    bucket = TokenBucket(2.0, 40.0)
    assert bucket.draw(bucket.emptied({}, BORN), BORN, 1, **NO_HORIZON).starts == (BORN + 0.5,)
    assert bucket.emptied({"full_at": BORN + 30.0}, BORN) == {"full_at": BORN + 30.0}


def test_a_refusal_leaves_the_calls_in_the_window_counted() -> None:
    window = SlidingWindow(2)
    state = window.emptied(window.draw({}, BORN, 2, **NO_HORIZON).state, BORN)
    assert window.draw(state, BORN, 1, **NO_HORIZON).starts[0] >= BORN + 60.0


def test_a_bucket_tells_which_share_of_its_burst_is_spent() -> None:
    bucket = TokenBucket(rate=2.0, burst=40)
    state = bucket.draw({}, 0.0, 10, until=0.0, span=0.0).state
    assert [bucket.used({}, 0.0), bucket.used(state, 0.0), bucket.used(state, 5.0)] == [0.0, 0.25, 0.0]


def test_a_window_tells_which_share_of_its_limit_is_spent() -> None:
    window = SlidingWindow(limit=120)
    state = window.draw({}, 0.0, 3, until=1.0, span=1.0).state
    assert [window.used({}, 0.0), window.used(state, 1.0), window.used(state, 100.0)] == [0.0, 0.025, 0.0]
