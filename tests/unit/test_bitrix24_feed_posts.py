"""Which posts are private, what is kept of them, and posts from the archive alone."""

import orjson
import pytest

from connectors.bitrix24.families.feed_audience import AudienceReader, goes_to_persons_only, in_order
from connectors.bitrix24.families.feed_posts import PostReader
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.windows import Window
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import connected

NOW = "2026-06-01T12:00:00+03:00"


def _post(number: int, **facts: Json) -> JsonObject:
    text = f"text of {number}"
    return {"ID": str(number), "AUTHOR_ID": "1", "DATE_PUBLISH": NOW, "DETAIL_TEXT": text, **facts}


class Read:
    """Rights of posts that were read before."""

    def __init__(self, rights: dict[str, list[str]], *, private: bool = False) -> None:
        self.options = RunOptions(private_posts=private)
        self._rows = [
            SourceRecord(f"{right}:{post}", {"right": right, "post_id": post})
            for post, found in rights.items()
            for right in found
        ]

    async def pages(self, entity: str) -> tuple[str, ...]:
        return (entity,) if self._rows else ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return tuple(self._rows)


def _reader(posts: Json) -> PostReader:
    def answer(body: JsonObject) -> JsonObject:
        known: JsonObject = {"profile": {"ID": "1", "ADMIN": True}, "scope": ["log"]}
        results = {key: known.get(command.partition("?")[0], posts) for key, command in body["cmd"].items()}
        return {"result": {"result": results}}

    return PostReader(Webhooks([connected(answer)]))


async def _read(posts: Json, read: Read) -> tuple[dict[str, JsonObject], bytes]:
    """(records by id, the archive)."""
    cursor: JsonObject = {"end": 1_800_000_000, "windows": [Window().dump()]}
    page = await _reader(posts).read(cursor, read)
    assert page.next is None
    return {record.id: record.data for record in page.records}, b"".join(page.raw)


@pytest.mark.parametrize(
    ("rights", "author", "private"),
    [
        (["U7"], "1", True),
        (["U1", "U7"], "1", True),
        (["UA"], "1", False),
        (["SG5", "U7"], "1", False),
        (["DR3"], "1", False),
        (None, "1", True),
        (None, "2", False),
    ],
)
async def test_a_post_to_single_users_is_private(rights: list[str] | None, author: str, *, private: bool) -> None:
    known = {} if rights is None else {"10": rights}
    records, archive = await _read([_post(10, AUTHOR_ID=author)], Read(known))
    assert (set(records), b"text of 10" in archive) == (set() if private else {"10"}, not private)
    records, archive = await _read([_post(10, AUTHOR_ID=author)], Read(known, private=True))
    assert (set(records), b"text of 10" in archive) == ({"10"}, True)


async def test_a_post_that_is_withheld_is_noted_by_its_id() -> None:
    _, archive = await _read([_post(10), _post(11)], Read({"10": ["UA"], "11": ["U7"]}))
    assert b'"withheld":["11"]' in archive


async def test_an_audience_that_nobody_told_is_unknown_and_not_empty() -> None:
    records, _ = await _read([_post(10), _post(11)], Read({"10": ["U9", "SG5", "U10", "UA"]}, private=True))
    assert records["10"]["audience"] == ["UA", "SG5", "U9", "U10"]
    assert records["11"]["audience"] is None


async def test_posts_around_a_hole_are_read() -> None:
    records, _ = await _read({"0": _post(10), "2": _post(12)}, Read({}, private=True))
    assert list(records) == ["10", "12"]


def test_a_post_that_several_webhooks_see_is_one_record() -> None:
    window = Window()
    body = orjson.dumps({"result": {"result": {window.key(0): [_post(10)]}}})
    raw = [archived("1", body), archived("5", body), note({"windows": [window.dump()], "audience": {"10": ["UA"]}})]
    (record,) = PostReader(Webhooks([])).rows(raw)
    assert (record.id, record.data) == ("10", {**_post(10), "audience": ["UA"], "seen_by": ["1", "5"]})


def test_posts_of_a_window_that_was_not_read_whole_are_left_for_later() -> None:
    body = orjson.dumps({"result": {"result": {Window().key(0): [_post(10)]}}})
    assert PostReader(Webhooks([])).rows([archived("1", body), note({"windows": []})]) == ()


def test_a_record_of_the_audience_is_a_right_and_a_post() -> None:
    window = Window("SG5", None, 2_000_000_000)
    body = orjson.dumps({"result": {"result": {window.key(0): [{"ID": "10", "DATE_PUBLISH": NOW}]}}})
    raw = [archived("1", body), archived("5", body), note({"windows": [window.dump()]})]
    (record,) = AudienceReader(Webhooks([])).rows(raw)
    assert (record.id, record.data) == ("SG5:10", {"right": "SG5", "post_id": "10"})


def test_rights_stand_in_one_order() -> None:
    assert in_order(["U10", "U9", "SG12", "UA", "DR3", "U9"]) == ["UA", "DR3", "SG12", "U9", "U10"]


@pytest.mark.parametrize(("rights", "so"), [(["U7"], True), (["UA"], False), (["U7", "G2"], False), (["UA7"], False)])
def test_only_rights_of_users_are_of_persons(rights: list[str], *, so: bool) -> None:
    assert goes_to_persons_only(rights) is so
