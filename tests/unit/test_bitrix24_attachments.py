"""The files that rows name, in all the ways in which portals do."""

from typing import Any

import pytest

from connectors.bitrix24.readers.attachments import Listings, files_of, is_picture
from shared.model.records import SourceRecord


def _files(owner: str, **row: Any) -> list[Any]:
    return files_of(owner, SourceRecord("17", row))


def test_a_post_has_the_files_of_its_list_in_order() -> None:
    found = _files("feed_post", FILES=[505, "503"], UF_BLOG_POST_FILE={"VALUE": [505, 503]}, seen_by=["5"])
    assert [(one.id, one.position, one.attached) for one in found] == [
        ("feed_post-17-505", 0, "505"),
        ("feed_post-17-503", 1, "503"),
    ]
    assert {one.seen_by for one in found} == {("5",)}


@pytest.mark.parametrize("value", [[505, 507], {"0": 505, "3": "507"}])
def test_a_post_without_a_list_has_the_files_of_its_field(value: Any) -> None:
    assert [one.attached for one in _files("feed_post", UF_BLOG_POST_FILE={"VALUE": value})] == ["505", "507"]


@pytest.mark.parametrize("value", [False, None, "", [], {}])
def test_a_post_without_files_has_none(value: Any) -> None:
    assert _files("feed_post", UF_BLOG_POST_FILE={"VALUE": value}) == []


def test_an_id_with_its_mark_is_that_of_the_file_itself() -> None:
    (found,) = _files("feed_post", FILES=["n505"])
    assert (found.id, found.object, found.attached) == ("feed_post-17-n505", "505", None)


def test_what_is_no_id_names_no_file() -> None:
    assert _files("feed_post", FILES=["", None, {"id": 5}, "../5", -1]) == []


def test_a_comment_tells_what_its_files_are() -> None:
    picture = {"id": 90210, "type": "image", "name": "без имени", "size": 12}
    document = {"id": 7, "type": "file", "name": "a.pdf", "size": "9"}
    found = _files("feed_comment", author_id="3", attach=[7, 90210, 8], files=[picture, document])
    assert [(one.object, one.name, one.size, one.is_picture) for one in found] == [
        ("7", "a.pdf", 9, False),
        ("90210", "без имени", 12, True),
        ("8", None, None, None),
    ]


def test_a_task_has_its_own_files_and_those_of_its_checklists() -> None:
    attachment = {"ATTACHMENT_ID": "973", "NAME": "a.txt", "SIZE": "14", "FILE_ID": "4755"}
    found = _files(
        "task",
        details={"ufTaskWebdavFiles": [1065, "n1077"]},
        checklist=[{"ATTACHMENTS": []}, {"ATTACHMENTS": {"973": attachment}}, {}],
    )
    assert [(one.file, one.attached, one.object) for one in found] == [
        ("1065", "1065", None),
        ("n1077", None, "1077"),
        ("973", "973", "4755"),
    ]
    assert all(one.any_kind for one in found)


def test_a_task_that_has_gone_has_no_files() -> None:
    assert _files("task", details={}, checklist=None) == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://cdn.example.com/a/b/%D1%84%D0%BE%D1%82%D0%BE.png?1", "фото.png"),
        ("/upload/main/x.jpg", "x.jpg"),
        ("https://cdn.example.com/", "picture"),
        ("https://[", "picture"),
    ],
)
def test_a_person_has_one_picture_by_its_address(address: str, name: str) -> None:
    (found,) = _files("user", PERSONAL_PHOTO=address)
    assert (found.id, found.address, found.name, found.is_picture) == ("user-17-picture", address, name, True)


@pytest.mark.parametrize("address", [None, "", " ", False, "7", 7])
def test_a_group_without_an_address_has_no_picture(address: Any) -> None:
    assert _files("group", IMAGE=address) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PNG", True), ("a.b.jpeg", True), ("a.docx", False), ("a", None), ("Отчёт за 5.окт", None), (None, None)],
)
def test_a_name_tells_a_picture_or_tells_nothing(name: str | None, expected: bool | None) -> None:
    assert is_picture(name) is expected


def test_the_files_of_a_page_are_listed_once_for_all_its_turns() -> None:
    listings = Listings()
    records = (SourceRecord("17", {"FILES": [505]}), SourceRecord("18", {"FILES": [506]}))
    first = listings.of("feed_post", "a page", records)
    assert [one.id for one in first.files] == ["feed_post-17-505", "feed_post-18-506"]
    assert listings.of("feed_post", "a page", records) is first


def test_a_page_that_holds_other_records_is_listed_anew() -> None:
    listings = Listings()
    listings.of("feed_post", "a page", (SourceRecord("17", {"FILES": [505]}),))
    again = listings.of("feed_post", "a page", (SourceRecord("17", {"FILES": [506]}),))
    assert again.ids == {"feed_post-17-506"}
