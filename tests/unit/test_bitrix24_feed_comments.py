"""Comments of the feed from answers to records: whose they are, on which post, and with what of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
import pytest

from connectors.bitrix24.families.feed_comments import CommentReader, coverage
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.authored import PAGE, Place, comments_of, place_after
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import connected

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures/bitrix24/doc-examples.json").read_text("utf-8"))
(EXAMPLE,) = (one["body"]["result"] for one in RECORDED["log.blogcomment.user.get"])
EARLY, LATE = "2020-01-01T00:00:00+03:00", "2021-01-01T00:00:00+03:00"

Answer = Callable[[str, dict[str, str]], Json]
"""(method, parameters) → result."""


@dataclass
class Read:
    """What was read before: users, and posts with their authors."""

    users: tuple[str, ...] = ()
    posts: dict[str, str] = field(default_factory=dict)
    options: RunOptions = field(default_factory=RunOptions)

    async def pages(self, entity: str) -> tuple[str, ...]:
        return (entity,) if await self.rows(entity) else ()

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        if page == "user":
            return tuple(SourceRecord(user, {}) for user in self.users)
        return tuple(SourceRecord(post, {"AUTHOR_ID": author}) for post, author in self.posts.items())


def _webhooks(answer: Answer) -> Webhooks:
    def batch(body: JsonObject) -> JsonObject:
        results = {}
        for key, command in body["cmd"].items():
            method, _, query = command.partition("?")
            known: JsonObject = {"profile": {"ID": "1", "ADMIN": True}, "scope": ["log"]}
            results[key] = known[method] if method in known else answer(method, dict(parse_qsl(query)))
        return {"result": {"result": results}}

    return Webhooks([connected(batch)])


async def _read(answer: Answer, read: Read) -> list[SourcePage]:
    reader = CommentReader(_webhooks(answer))
    pages: list[SourcePage] = []
    for cursor in (await reader.cut(8, read)).cursors:
        following: JsonObject | None = cursor
        while following is not None:
            assert len(pages) < 50, "reading never ends"
            pages.append(await reader.read(following, read))
            following = pages[-1].next
    return pages


def _comment(number: int, **facts: Json) -> JsonObject:
    return {"id": number, "comment_id": number + 1000, "date": LATE, "text": "", "attach": [], "post_id": 7, **facts}


def _records(pages: list[SourcePage]) -> dict[str, JsonObject]:
    found = [record for page in pages for record in page.records]
    assert len({record.id for record in found}) == len(found)
    return {record.id: record.data for record in found}


def test_a_recorded_answer_is_read() -> None:
    raw = [
        archived("28", orjson.dumps({"result": {"result": {"a28": EXAMPLE}}})),
        note({"posts": {"13579": {"ID": "7", "DATE_PUBLISH": EARLY}}}),
    ]
    (record,) = CommentReader(Webhooks([])).rows(raw)
    (comment,) = EXAMPLE["comments"]
    told = {"author_id": "28", "post_id": "7", "post_unknown": False, "text_unavailable": False}
    assert (record.id, record.data) == ("4821", {**comment, "files": [EXAMPLE["files"]["90210"]], **told})


async def test_an_author_is_read_to_the_oldest_comment_newest_first() -> None:
    def newest_first(_method: str, asked: dict[str, str]) -> Json:
        below = int(asked.get("LAST_ID", 10**9))
        return {"comments": [_comment(one) for one in range(260, 0, -1) if one < below][:PAGE], "files": []}

    records = _records(await _read(newest_first, Read(("1",), {"7": "1"})))
    assert set(records) == {str(number + 1000) for number in range(1, 261)}


async def test_an_author_is_read_to_the_newest_comment_where_the_oldest_come_first() -> None:
    def oldest_first(_method: str, asked: dict[str, str]) -> Json:
        above, below = int(asked.get("FIRST_ID", 0)), int(asked.get("LAST_ID", 10**9))
        return {"comments": [_comment(one) for one in range(1, 261) if above < one < below][:PAGE], "files": []}

    records = _records(await _read(oldest_first, Read(("1",), {"7": "1"})))
    assert set(records) == {str(number + 1000) for number in range(1, 261)}


async def test_a_page_that_is_not_full_is_not_the_end() -> None:
    def withholding(_method: str, asked: dict[str, str]) -> Json:
        below = int(asked.get("LAST_ID", 10**9))
        return {"comments": [_comment(one) for one in (9, 5, 2) if one < below][:1], "files": []}

    assert set(_records(await _read(withholding, Read(("1",), {"7": "1"})))) == {"1009", "1005", "1002"}


@pytest.mark.parametrize(
    ("place", "ids"), [(Place(), [3, 5, 4]), (Place("LAST_ID", 5), [5, 4]), (Place("FIRST_ID", 5), [9, 7])]
)
def test_comments_out_of_order_spoil_the_page(place: Place, ids: list[int]) -> None:
    with pytest.raises(RetryLater, match="out of order"):
        place_after(place, [{"id": one} for one in ids])


@pytest.mark.parametrize("result", [None, [], {}, {"comments": None}, {"comments": [{"id": 1}]}, {"comments": ["x"]}])
def test_what_is_no_list_of_comments_is_not_the_end(result: Json) -> None:
    with pytest.raises(RetryLater, match=r"log\.blogcomment\.user\.get"):
        comments_of(result)


async def test_a_text_that_only_its_author_may_read_is_marked() -> None:
    def hidden(_method: str, asked: dict[str, str]) -> Json:
        author = int(asked["USER_ID"])
        return {"comments": [] if "LAST_ID" in asked else [_comment(author)], "files": []}

    records = _records(await _read(hidden, Read(("1", "2"), {"7": "1"})))
    assert {one["author_id"]: one["text_unavailable"] for one in records.values()} == {"1": False, "2": True}


async def test_authors_of_posts_who_are_no_users_any_more_are_read_too() -> None:
    def anybody(_method: str, asked: dict[str, str]) -> Json:
        return {"comments": [] if "LAST_ID" in asked else [_comment(int(asked["USER_ID"]))], "files": []}

    records = _records(await _read(anybody, Read(("1", "2"), {"7": "503", "8": "2", "9": "0"})))
    assert {one["author_id"] for one in records.values()} == {"1", "2", "503"}


def _by_entry(entries: dict[int, str], published: str = EARLY) -> Answer:
    """A portal that names the feed entry; ``entries`` are those of the posts that can be seen."""

    def answer(method: str, asked: dict[str, str]) -> Json:
        if method == "log.blogcomment.user.get":
            comment = {name: value for name, value in _comment(1).items() if name != "post_id"}
            return {"comments": [] if "LAST_ID" in asked else [comment | {"log_id": 50}], "files": []}
        after = sorted(one for one in entries if one > int(asked.get("FIRST_ID", -1)))
        before = sorted((one for one in entries if one < int(asked.get("LAST_ID", 0))), reverse=True)
        found = after if "FIRST_ID" in asked else before
        return [{"ID": entries[one], "DATE_PUBLISH": published} for one in found[:1]]

    return answer


@pytest.mark.parametrize(
    ("entries", "published", "post"),
    [
        ({49: "6", 50: "7", 51: "8"}, EARLY, "7"),
        ({49: "6", 51: "8"}, EARLY, None),
        ({51: "8"}, EARLY, None),
        ({}, EARLY, None),
        ({50: "7"}, "2022-01-01T00:00:00+03:00", None),
    ],
)
async def test_a_feed_entry_becomes_a_post_only_when_that_is_certain(
    entries: dict[int, str], published: str, post: str | None
) -> None:
    read = Read(("1",), {"6": "1", "7": "1", "8": "1"}, RunOptions(private_posts=True))
    (comment,) = _records(await _read(_by_entry(entries, published), read)).values()
    assert (comment["post_id"], comment["post_unknown"]) == (post, post is None)


async def test_comments_on_posts_that_were_not_read_stay_out_of_the_archive() -> None:
    def two(_method: str, asked: dict[str, str]) -> Json:
        private = _comment(2, post_id=9, text="between us", attach=[4])
        comments = [private, _comment(1, text="for all", attach=[3])]
        files = {"3": {"id": 3}, "4": {"id": 4}}
        return {"comments": [], "files": []} if "LAST_ID" in asked else {"comments": comments, "files": files}

    pages = await _read(two, Read(("1",), {"7": "1"}))
    assert set(_records(pages)) == {"1001"}
    archive = b"".join(body for page in pages for body in page.raw)
    assert b"for all" in archive
    assert b"between us" not in archive
    assert b'"4":' not in archive
    asked_for = Read(("1",), {"7": "1"}, RunOptions(private_posts=True))
    assert set(_records(await _read(two, asked_for))) == {"1001", "1002"}


def test_coverage_counts_what_was_read_and_what_has_a_text() -> None:
    posts = [SourceRecord("7", {"NUM_COMMENTS": "3"}), SourceRecord("8", {"NUM_COMMENTS": None})]
    comments = [
        SourceRecord("1", {"post_id": "7", "text_unavailable": False}),
        SourceRecord("2", {"post_id": "7", "text_unavailable": True}),
        SourceRecord("3", {"post_id": None, "text_unavailable": False}),
    ]
    assert coverage(posts, comments) == {
        "7": {"expected": 3, "collected": 2, "with_text": 1},
        "8": {"expected": 0, "collected": 0, "with_text": 0},
    }
