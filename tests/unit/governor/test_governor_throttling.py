"""Pauses and the pace after refusals."""

from hypothesis import given
from hypothesis import strategies as st

from shared.engine.budgets.throttling import EVERY_METHOD, Throttling

NOW = 1_700_000_000.0


def _until(throttling: Throttling) -> float:
    return throttling.pauses[EVERY_METHOD]


def test_the_first_refusal_pauses_everybody_for_a_second_and_a_half_at_half_the_pace() -> None:
    struck = Throttling().struck(NOW)
    assert _until(struck) == NOW + 1.5
    assert struck.pace_at(NOW) == 0.5


def test_pauses_grow_with_repetition() -> None:
    first = Throttling().struck(NOW)
    second = first.struck(_until(first))
    assert _until(second) - _until(first) > 1.5


def test_a_refusal_of_a_call_that_was_on_its_way_changes_nothing() -> None:
    struck = Throttling().struck(NOW)
    assert struck.struck(NOW + 1.0) is struck


def test_the_pace_recovers_by_itself() -> None:
    assert Throttling().struck(NOW).pace_at(NOW + 30.0) == 1.0


@given(st.lists(st.floats(0.0, 100.0), max_size=50))
def test_the_pace_never_dies_and_a_pause_never_lasts(pauses: list[float]) -> None:
    throttling, now = Throttling(), NOW
    for pause in pauses:
        now += pause
        throttling = throttling.struck(now)
        assert 0.05 <= throttling.pace_at(now) <= 1.0
        assert _until(throttling) <= now + 15.0


def test_a_pause_is_never_shortened() -> None:
    throttling = Throttling().paused("crm.item.list", NOW + 60.0).paused("crm.item.list", NOW + 5.0)
    assert throttling.pauses == {"crm.item.list": NOW + 60.0}


def test_the_stored_form_forgets_pauses_that_are_over() -> None:
    throttling = Throttling().paused("a", NOW + 1.0).paused("b", NOW + 9.0)
    assert Throttling.load(throttling.dump(NOW + 5.0)).pauses == {"b": NOW + 9.0}
