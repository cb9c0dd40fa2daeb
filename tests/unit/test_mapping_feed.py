"""Posts of the feed and comments on them on their way into the canonical form."""

from typing import Any

import pytest

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject
from shared.transform.making import Surroundings
from shared.transform.references import Pending
from tests.unit.mapped import AROUND, alone, draft, example, made, mapping, simulated

POST: JsonObject = {
    "ID": "7",
    "AUTHOR_ID": "3",
    "TITLE": "News",
    "MICRO": "N",
    "DETAIL_TEXT": "[B]Hello[/B]",
    "DATE_PUBLISH": "2026-03-17T15:29:14+01:00",
    "ENABLE_COMMENTS": "Y",
    "audience": None,
}
COMMENT: JsonObject = {
    "comment_id": 7,
    "post_id": "5",
    "author_id": "3",
    "date": "2025-01-28T11:05:42+02:00",
    "text": "I support the idea!",
    "attach": [],
    "post_unknown": False,
    "text_unavailable": False,
}


def recorded_comments() -> list[JsonObject]:
    """With what the reader adds to the portal's answer."""
    result = example("log.blogcomment.user.get")
    added = {"author_id": "28", "post_id": "5", "post_unknown": False, "text_unavailable": False}
    return [{**row, **added, "files": list(result["files"].values())} for row in result["comments"]]


def posts_of_a_portal() -> list[JsonObject]:
    return [{**row, "seen_by": ["1"]} for row in simulated("feed_post", posts=150)]


def test_every_field_of_the_simulated_portals_posts_is_mapped_or_left_out_for_a_reason() -> None:
    assert mapping("feed_post").coverage.undecided(posts_of_a_portal()) == {}


def test_every_field_of_recorded_comments_is_mapped_or_left_out_for_a_reason() -> None:
    assert mapping("feed_comment").coverage.undecided(recorded_comments()) == {}


def test_posts_of_the_simulated_portal_become_canonical_without_flaws() -> None:
    for row in posts_of_a_portal():
        made("feed_post", row, row["ID"])
        assert draft("feed_post", row, row["ID"]).flaws == ()


def test_a_recorded_comment_becomes_canonical() -> None:
    (row,) = recorded_comments()
    assert made("feed_comment", row, "4821") == {
        "post_id": "feed_post/5",
        "author_id": "user/28",
        "created_at": "2025-01-28T09:05:42Z",
        "body_html": "I support the idea!",
        "media_ids": ["media_file/feed_comment-4821-90210"],
    }


def test_a_post_becomes_canonical() -> None:
    assert made("feed_post", POST) == {
        "author_id": "user/3",
        "title": "News",
        "body_html": "<b>Hello</b>",
        "published_at": "2026-03-17T14:29:14Z",
        "tags": [],
        "media_ids": [],
        "comments_enabled": True,
        "audience": None,
    }


@pytest.mark.parametrize("yes", ["Y", True, "1", 1])
def test_a_title_that_the_portal_made_of_the_text_is_none(yes: Json) -> None:
    assert made("feed_post", {**POST, "TITLE": "[B]Hello[/", "MICRO": yes})["title"] is None


@pytest.mark.parametrize("no", ["N", False, "0", 0, None])
def test_a_title_that_somebody_gave_stays(no: Json) -> None:
    assert made("feed_post", {**POST, "TITLE": "Hello", "MICRO": no})["title"] == "Hello"


def test_a_title_that_was_stored_encoded_is_decoded() -> None:
    assert made("feed_post", {**POST, "TITLE": "&quot;Q&quot; &amp; A"})["title"] == '"Q" & A'


def test_files_stand_in_the_order_of_the_post_each_once() -> None:
    row = {**POST, "FILES": [505, 501], "UF_BLOG_POST_FILE": {"VALUE": [505, 501, 507]}}
    assert made("feed_post", row)["media_ids"] == [f"media_file/feed_post-7-{one}" for one in (505, 501, 507)]


@pytest.mark.parametrize(("value", "files"), [([505], ["505"]), ("505", ["505"]), (False, []), (None, []), ("", [])])
def test_files_are_found_in_the_field_where_the_portal_leaves_the_list_out(value: Any, files: list[str]) -> None:
    row = {**POST, "UF_BLOG_POST_FILE": {"VALUE": value}}
    assert made("feed_post", row)["media_ids"] == [f"media_file/feed_post-7-{one}" for one in files]


def test_no_file_is_waited_for_where_no_files_are_moved() -> None:
    around = Surroundings(AROUND.hosts, AROUND.imported - {"media_file"})
    assert draft("feed_post", {**POST, "FILES": [505]}, around=around).data["media_ids"] == []


def test_the_audience_is_told_in_circles() -> None:
    assert made("feed_post", {**POST, "audience": ["UA", "DR3", "SG5", "U1", "U2"]})["audience"] == {
        "everyone": True,
        "user_ids": ["user/1", "user/2"],
        "group_ids": ["group/5"],
        "department_ids": ["department/3"],
    }


def test_an_audience_that_is_gone_leaves_the_post_to_its_author() -> None:
    assert alone("feed_post", {**POST, "audience": ["SG5"]}).data["audience"] == {
        "everyone": False,
        "user_ids": [],
        "group_ids": [],
        "department_ids": [],
    }


def test_a_right_that_means_nothing_leaves_the_audience_unknown_and_is_noted() -> None:
    result = draft("feed_post", {**POST, "audience": ["UA", "G2"]})
    assert result.data["audience"] is None
    assert "G2" in result.flaws[0]


def test_an_author_who_was_deleted_gets_a_placeholder() -> None:
    assert alone("feed_post", POST).blocking == [Pending("user", "3", required=True, placeholder=True)]


def test_a_comment_waits_for_its_post() -> None:
    assert alone("feed_comment", COMMENT).blocking == [Pending("feed_post", "5", required=True)]


def test_a_comment_on_a_post_that_nobody_can_tell_is_refused() -> None:
    with pytest.raises(RecordRejected) as caught:
        draft("feed_comment", {**COMMENT, "post_id": None, "post_unknown": True})
    assert (caught.value.reason.code, caught.value.field) == ("reference.missing", "post_id")


def test_a_comment_whose_text_is_for_its_author_only_goes_in_without_and_says_so() -> None:
    result = draft("feed_comment", {**COMMENT, "text": "", "text_unavailable": True})
    assert result.data["body_html"] is None
    assert result.flaws == ("body_html: the text cannot be read without a webhook of its author",)


def test_a_comment_without_a_text_of_its_own_has_no_flaw() -> None:
    assert draft("feed_comment", {**COMMENT, "text": "", "attach": [9]}).flaws == ()
