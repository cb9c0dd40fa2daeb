"""Batch sizes: they grow while calls go well, and halve when one does not."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.import_gateway.batch_sizes import START, BatchSize

events = st.lists(st.tuples(st.floats(0.0, 60.0), st.booleans()), max_size=200)


def after(told: list[tuple[float, bool]], most: int = 1_000_000) -> BatchSize:
    """A size after full calls of so many seconds, of which some broke; never more than ``most`` are sent."""
    size = BatchSize()
    for seconds, broke in told:
        items = min(size.items, most)
        if broke:
            size.stumbled(items)
        else:
            size.went_well(items, seconds)
    return size


@given(events)
def test_a_call_always_has_an_item(told: list[tuple[float, bool]]) -> None:
    assert after(told).items >= 1


@given(events, st.integers(1, 200))
def test_the_size_keeps_near_what_is_really_sent(told: list[tuple[float, bool]], most: int) -> None:
    assert after(told, most).items <= max(START, 2 * most)


@given(events)
def test_a_call_that_broke_is_followed_by_one_of_half_its_size(told: list[tuple[float, bool]]) -> None:
    size = after(told)
    before = size.items
    size.stumbled(before)
    assert size.items == max(1, before // 2)


@given(events, st.integers(1, 5))
def test_repeats_of_a_call_that_broke_halve_no_further(told: list[tuple[float, bool]], repeats: int) -> None:
    size = after(told)
    sent = size.items
    for _ in range(repeats):
        size.stumbled(sent)
    assert size.items == max(1, sent // 2)


@given(events)
def test_a_size_recovers_when_the_trouble_is_over(told: list[tuple[float, bool]]) -> None:
    size = after(told)
    for _ in range(200):
        size.went_well(size.items, 0.1)
    assert size.items > START


def test_it_begins_at_fifty_and_grows_after_a_few_fast_calls() -> None:
    assert [after([(0.1, False)] * calls).items for calls in (0, 3, 4, 8)] == [50, 50, 100, 200]


def test_slow_calls_do_not_grow() -> None:
    assert after([(20.0, False)] * 50).items == START


def test_calls_that_are_not_full_say_nothing_of_larger_ones() -> None:
    size = BatchSize()
    for _ in range(50):
        size.went_well(START - 1, 0.1)
    assert size.items == START


def test_a_size_at_which_calls_break_again_and_again_is_not_taken_at_once() -> None:
    size = after([(0.1, False), (0.1, False), (0.1, True)])
    for _ in range(4):
        size.went_well(size.items, 0.1)
    assert size.items == START // 2
