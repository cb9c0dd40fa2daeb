"""Which block of the id map an id lives in."""

from hypothesis import given
from hypothesis import strategies as st

from shared.model.idmap import block_of, row_key


def test_a_thousand_neighbours_share_a_block() -> None:
    ids = ["17", "4217", "f4217", "128:4217", "m12", "page"]
    assert [block_of(one) for one in ids] == ["0", "4", "f4", "128:4", "m0", "page0"]


def test_parts_of_neighbouring_records_share_a_block() -> None:
    ids = ["feed_post-4217-505", "feed_post-4218-n99000", "user-17-picture", "task_comment-f4217-8"]
    assert [block_of(one) for one in ids] == ["feed_post-4", "feed_post-4", "user-0", "task_comment-f4"]


def test_records_are_with_those_of_neighbouring_parents_until_a_band_is_full() -> None:
    places = [("99999", "15"), ("7", "999"), ("100000", "15"), ("f7", "1000"), ("7", "128:4217"), ("page", "15")]
    assert [block_of(*place) for place in places] == ["0.0", "0.0", "0.1", "1.0", "128:4.0", "0.0"]


def test_records_sort_by_their_parents_first() -> None:
    assert row_key("900", "9") < row_key("7", "10") < row_key("30", "10")


def test_parts_sort_by_the_number_of_their_record() -> None:
    assert row_key("user-9-picture") < row_key("user-10-picture") < row_key("user-10-s")


@given(st.lists(st.from_regex(r"[a-z]{0,2}-?0{0,2}[0-9]{0,3}(-n?0{0,1}[0-9]{1,2}|-[a-z]{1,2})?", fullmatch=True)))
def test_different_ids_have_different_keys(ids: list[str]) -> None:
    assert len({row_key(one) for one in ids}) == len(set(ids))


@given(st.lists(st.tuples(st.text("0.~a", min_size=1, max_size=4), st.text("0.~a", min_size=1, max_size=4))))
def test_different_ids_within_different_parents_have_different_keys(places: list[tuple[str, str]]) -> None:
    assert len({row_key(*place) for place in places}) == len(set(places))
