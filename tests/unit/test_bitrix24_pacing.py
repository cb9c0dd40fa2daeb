"""How many commands go into a batch, by how the last ones went."""

import pytest

from connectors.bitrix24.readers.pacing import Pacing

SOON, LATE = 0.1, 20.0


def test_batches_that_are_answered_soon_grow_to_what_a_batch_may_hold() -> None:
    pacing = Pacing()
    for _ in range(5):
        pacing.took(SOON, pacing.most)
    assert pacing.most == 50


def test_a_batch_that_took_long_makes_the_next_one_fit_the_time() -> None:
    pacing = Pacing(40)
    pacing.took(LATE, 40)
    assert pacing.most == 10


def test_a_small_batch_proves_nothing_of_larger_ones() -> None:
    pacing = Pacing(10)
    pacing.took(SOON, 2)
    assert pacing.most == 10


def test_a_batch_that_is_not_answered_is_halved_down_to_one_command() -> None:
    pacing, sizes = Pacing(40), list[int]()
    for _ in range(7):
        pacing.failed(pacing.most)
        sizes.append(pacing.most)
    assert sizes == [20, 10, 5, 2, 1, 1, 1]


@pytest.mark.parametrize("limit", range(2, 51))
def test_two_batches_in_a_row_are_answered_before_long_whatever_the_portal_can_bear(limit: int) -> None:
    pacing = Pacing()
    for _ in range(20):
        for taken in range(2):
            if pacing.most > limit:
                pacing.failed(pacing.most)
                break
            pacing.took(SOON, pacing.most)
            if taken == 1:
                return
    raise AssertionError("never two in a row")


def test_a_portal_that_comes_to_itself_gets_full_batches_again() -> None:
    pacing = Pacing(50)
    for _ in range(6):
        pacing.failed(pacing.most)
    for _ in range(40):
        pacing.took(SOON, pacing.most)
    assert pacing.most == 50
