"""Comments of the feed from answers to records: whose they are, on which post, and with what of them."""

import json
from pathlib import Path

import orjson
import pytest

from connectors.bitrix24.families.feed_comments import CommentReader
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.authored import PAGE, Place, comments_of, place_after
from connectors.bitrix24.readers.log_entries import LogEntries
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import connected
from tests.unit.commented_feed import EARLY, Answer, Read, comment_of, read_comments, records_of, webhooks_of

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures/bitrix24/doc-examples.json").read_text("utf-8"))
(EXAMPLE,) = (one["body"]["result"] for one in RECORDED["log.blogcomment.user.get"])


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
        return {"comments": [comment_of(one) for one in range(260, 0, -1) if one < below][:PAGE], "files": []}

    records = records_of(await read_comments(newest_first, Read(("1",), {"7": "1"})))
    assert set(records) == {str(number + 1000) for number in range(1, 261)}


async def test_an_author_is_read_to_the_newest_comment_where_the_oldest_come_first() -> None:
    def oldest_first(_method: str, asked: dict[str, str]) -> Json:
        above, below = int(asked.get("FIRST_ID", 0)), int(asked.get("LAST_ID", 10**9))
        return {"comments": [comment_of(one) for one in range(1, 261) if above < one < below][:PAGE], "files": []}

    records = records_of(await read_comments(oldest_first, Read(("1",), {"7": "1"})))
    assert set(records) == {str(number + 1000) for number in range(1, 261)}


async def test_a_page_that_is_not_full_is_not_the_end() -> None:
    def withholding(_method: str, asked: dict[str, str]) -> Json:
        below = int(asked.get("LAST_ID", 10**9))
        return {"comments": [comment_of(one) for one in (9, 5, 2) if one < below][:1], "files": []}

    assert set(records_of(await read_comments(withholding, Read(("1",), {"7": "1"})))) == {"1009", "1005", "1002"}


@pytest.mark.parametrize(
    ("place", "ids"), [(Place(), [3, 5, 4]), (Place("LAST_ID", 5), [5, 4]), (Place("FIRST_ID", 5), [9, 7])]
)
def test_comments_out_of_order_spoil_the_page(place: Place, ids: list[int]) -> None:
    with pytest.raises(RetryLater, match="out of order"):
        place_after(place, [{"id": one} for one in ids])


@pytest.mark.parametrize(
    "result", [None, False, {}, {"comments": None}, {"comments": [{"id": 1}]}, {"comments": ["x"]}, [{"id": 1}]]
)
def test_what_is_no_list_of_comments_is_not_the_end(result: Json) -> None:
    with pytest.raises(RetryLater, match=r"log\.blogcomment\.user\.get"):
        comments_of(result)


async def test_a_text_that_only_its_author_may_read_is_marked() -> None:
    def hidden(_method: str, asked: dict[str, str]) -> Json:
        author = int(asked["USER_ID"])
        return {"comments": [] if "LAST_ID" in asked else [comment_of(author)], "files": []}

    records = records_of(await read_comments(hidden, Read(("1", "2"), {"7": "1"})))
    assert {one["author_id"]: one["text_unavailable"] for one in records.values()} == {"1": False, "2": True}


async def test_authors_of_posts_who_are_no_users_any_more_are_read_too() -> None:
    def anybody(_method: str, asked: dict[str, str]) -> Json:
        return {"comments": [] if "LAST_ID" in asked else [comment_of(int(asked["USER_ID"]))], "files": []}

    records = records_of(await read_comments(anybody, Read(("1", "2"), {"7": "503", "8": "2", "9": "0"})))
    assert {one["author_id"] for one in records.values()} == {"1", "2", "503"}


def _by_entry(entries: dict[int, str], published: str = EARLY) -> Answer:
    """A portal that names the feed entry; ``entries`` are those of the posts that can be seen."""

    def answer(method: str, asked: dict[str, str]) -> Json:
        if method == "log.blogcomment.user.get":
            comment = {name: value for name, value in comment_of(1).items() if name != "post_id"}
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
    (comment,) = records_of(await read_comments(_by_entry(entries, published), read)).values()
    assert (comment["post_id"], comment["post_unknown"]) == (post, post is None)


async def test_comments_on_posts_that_were_not_read_stay_out_of_the_archive() -> None:
    def two(_method: str, asked: dict[str, str]) -> Json:
        private = comment_of(2, post_id=9, text="between us", attach=[4])
        comments = [private, comment_of(1, text="for all", attach=[3])]
        files = {"3": {"id": 3}, "4": {"id": 4}}
        return {"comments": [], "files": []} if "LAST_ID" in asked else {"comments": comments, "files": files}

    pages = await read_comments(two, Read(("1",), {"7": "1"}))
    assert set(records_of(pages)) == {"1001"}
    archive = b"".join(body for page in pages for body in page.raw)
    assert b"for all" in archive
    assert b"between us" not in archive
    assert b'"4":' not in archive
    asked_for = Read(("1",), {"7": "1"}, RunOptions(private_posts=True))
    found = records_of(await read_comments(two, asked_for))
    assert {name: one["post_unknown"] for name, one in found.items()} == {"1001": False, "1002": True}


def _entries_by_author(asked_for: list[str], *, seen: bool) -> Answer:
    """80 comments of every author, each on a feed entry of its own; ``asked_for`` gets the cursors of lookups."""

    def answer(method: str, asked: dict[str, str]) -> Json:
        if method == "log.blogcomment.user.get":
            first = int(asked["USER_ID"]) * 100
            comments = [{**comment_of(first + one), "log_id": first + one} for one in range(80, 0, -1)]
            unnamed = [{name: value for name, value in one.items() if name != "post_id"} for one in comments]
            return {"comments": [] if "LAST_ID" in asked else unnamed, "files": []}
        if "FIRST_ID" in asked:
            asked_for.append(asked["FIRST_ID"])
        entry = int(asked["FIRST_ID"]) + 1 if "FIRST_ID" in asked else int(asked["LAST_ID"]) - 1
        return [{"ID": str(entry), "DATE_PUBLISH": EARLY}] if seen else []

    return answer


async def test_a_read_looks_up_a_bounded_number_of_entries_and_loses_no_author() -> None:
    asked_for: list[str] = []
    read = Read(tuple(map(str, range(1, 8))), {"7": "1"}, RunOptions(private_posts=True))
    reader = CommentReader(webhooks_of(_entries_by_author(asked_for, seen=True)))
    cursor: JsonObject | None = {"page": "user"}
    pages: list[SourcePage] = []
    while cursor is not None:
        before = len(asked_for)
        pages.append(await reader.read(cursor, read))
        assert len(asked_for) - before <= PAGE
        assert reader.rows(pages[-1].raw) == pages[-1].records
        cursor = pages[-1].next
    assert len(records_of(pages)) == 7 * 80


async def test_an_entry_that_no_webhook_sees_is_asked_for_once_in_a_generation() -> None:
    asked_for: list[str] = []
    reader = CommentReader(webhooks_of(_entries_by_author(asked_for, seen=False)))
    read = Read(("1",), {}, RunOptions(private_posts=True))
    for _ in range(2):
        await reader.read({"page": "user"}, read)
    assert len(asked_for) == 80
    read.generation = "the next"
    await reader.read({"page": "user"}, read)
    assert len(asked_for) == 160


async def test_entries_are_looked_up_through_the_webhooks_that_are_not_denied() -> None:
    def refuse(_body: JsonObject) -> JsonObject:
        raise EntityStopped("source.denied", "insufficient_scope")

    denied = Webhook("1", "", True, None, connected(refuse))
    (open_one,) = await webhooks_of(_entries_by_author([], seen=True)).known()
    found, _ = await LogEntries().find({"150"}, (denied, open_one), "one")
    assert found == {"150": {"ID": "150", "DATE_PUBLISH": EARLY}}
