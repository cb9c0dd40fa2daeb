"""Comments of one task from the forum of the old card and the chat of the new one."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bitrix24.readers.two_worlds import merged
from shared.model.json import JsonObject

NOON = 1_750_000_000
MOSCOW = timezone(timedelta(hours=3))

Written = tuple[int, int, str]
"""Author, Unix time, text."""


def comment(number: int, author: int = 5, made: int = NOON, text: str = "Готово") -> JsonObject:
    date = datetime.fromtimestamp(made, MOSCOW).isoformat()
    return {"ID": str(number), "AUTHOR_ID": str(author), "POST_DATE": date, "POST_MESSAGE": text}


def message(
    number: int, author: int = 5, made: int = NOON, text: str = "Готово", params: JsonObject | None = None
) -> JsonObject:
    date = datetime.fromtimestamp(made, UTC).isoformat()
    return {"id": number, "author_id": author, "date": date, "text": text, "params": params or []}


def ids(comments: list[JsonObject], messages: list[JsonObject]) -> list[str]:
    return [record.id for record in merged("8", comments, messages, {})]


WRITTEN = st.tuples(st.integers(1, 2), st.integers(NOON, NOON + 1), st.sampled_from(["да", "нет"]))


@given(st.lists(WRITTEN, max_size=9), st.lists(WRITTEN, max_size=9))
def test_what_is_in_both_worlds_comes_once_and_all_else_as_often_as_it_was_written(
    forum: list[Written], chat: list[Written]
) -> None:
    comments = [comment(number, *one) for number, one in enumerate(forum)]
    messages = [message(number, *one) for number, one in enumerate(chat)]
    records = merged("8", comments, messages, {})
    came = Counter((int(row["author_id"]), row["text"]) for row in (record.data for record in records))
    seconds = Counter((author, text) for author, _, text in (Counter(forum) | Counter(chat)).elements())
    assert came == seconds


@given(st.lists(WRITTEN, max_size=9), st.lists(WRITTEN, max_size=9))
def test_every_comment_and_message_is_a_record_or_the_copy_of_one(forum: list[Written], chat: list[Written]) -> None:
    comments = [comment(number, *one) for number, one in enumerate(forum)]
    messages = [message(number, *one) for number, one in enumerate(chat)]
    records = merged("8", comments, messages, {})
    copies = [record.data["copied_as"] for record in records if record.data.get("copied_as")]
    expected = [f"f{number}" for number in range(len(forum))] + [f"m{number}" for number in range(len(chat))]
    assert sorted([*copies, *(record.id for record in records)]) == sorted(expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Цена &lt; 5 &amp; &quot;да&quot;", 'Цена < 5 & "да"'),
        ("первая\r\nвторая ", "первая\nвторая"),
        ("e\u0301", "é"),
    ],
    ids=["entities", "line ends", "composed letters"],
)
def test_a_copy_is_known_however_its_text_is_told(old: str, new: str) -> None:
    assert ids([comment(1, text=old)], [message(2, text=new)]) == ["f1"]


@pytest.mark.parametrize("other", [message(2, author=6), message(2, made=NOON + 1), message(2, text="Не готово")])
def test_another_author_second_or_text_is_another_comment(other: JsonObject) -> None:
    assert ids([comment(1)], [other]) == ["f1", "m2"]


def test_what_the_system_wrote_and_what_was_deleted_is_no_comment() -> None:
    assert ids([], [message(1, author=0), message(2, params={"IS_DELETED": "Y"}), message(3)]) == ["m3"]


def test_a_date_that_cannot_be_read_is_like_no_date_that_can() -> None:
    undated = {"POST_DATE": "15.07.2025"}
    assert ids([comment(1) | undated], [message(2)]) == ["f1", "m2"]


def test_a_message_comes_with_its_files_even_with_those_that_nobody_described() -> None:
    (record,) = merged("8", [], [message(1, params={"FILE_ID": [7, 9]})], {"7": {"id": 7, "name": "a.png"}})
    assert record.data["files"] == [{"id": 7, "name": "a.png"}, {"id": 9}]


def test_a_comment_comes_with_its_attachments_whether_they_are_a_map_an_empty_list_or_missing() -> None:
    attached = {"973": {"ATTACHMENT_ID": "973", "FILE_ID": "4755"}}
    comments = [comment(1) | {"ATTACHED_OBJECTS": attached}, comment(2) | {"ATTACHED_OBJECTS": []}, comment(3)]
    assert [record.data["files"] for record in merged("8", comments, [], {})] == [[attached["973"]], [], []]
