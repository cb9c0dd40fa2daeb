"""How many calls a list takes, by the arithmetic of the survey."""

import pytest

from connectors.bitrix24.families.crm import DEAL, items
from connectors.bitrix24.families.people import GROUPS, USERS
from connectors.bitrix24.surveying.effort import Extent, by_id, by_offset


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (50, 1), (51, 2), (120, 3)])
def test_a_list_by_offset_takes_a_call_for_each_page(count: int, calls: int) -> None:
    assert by_offset(count).calls == calls


def test_an_empty_list_takes_the_call_that_shows_it() -> None:
    assert by_id(Extent(0), USERS, 16).calls == 1


def test_a_short_list_takes_one_call_more() -> None:
    assert by_id(Extent(300, 1, 300), USERS, 16).calls == 2


def test_details_take_a_call_for_fifty_records() -> None:
    plain, detailed = by_id(Extent(200, 1, 200), USERS, 16), by_id(Extent(200, 1, 200), GROUPS, 16)
    assert detailed.calls - plain.calls == 4


def test_a_large_list_takes_calls_of_up_to_fifty_pages() -> None:
    effort = by_id(Extent(1_000_000, 1, 1_000_000), items(DEAL), 16)
    assert 400 <= effort.calls <= 500


def test_pages_that_take_long_come_in_smaller_calls() -> None:
    quick = by_id(Extent(200_000, 1, 200_000, page_seconds=0.01), items(DEAL), 16)
    slow = by_id(Extent(200_000, 1, 200_000, page_seconds=0.5), items(DEAL), 16)
    assert slow.calls > 3 * quick.calls


def test_ids_with_gaps_take_more_calls_for_the_same_records() -> None:
    dense, sparse = Extent(10_000, 1, 10_000), Extent(10_000, 1, 1_000_000)
    assert by_id(sparse, USERS, 16).calls > by_id(dense, USERS, 16).calls
