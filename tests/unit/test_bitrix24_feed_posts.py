"""Which posts are private, what is kept of them, and posts from the archive alone."""

import orjson
import pytest

from connectors.bitrix24.families.feed_audience import AudienceReader, audiences, goes_to_persons_only, in_order
from connectors.bitrix24.families.feed_posts import PostReader
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.windows import Window
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, connected

NOW = "2026-06-01T12:00:00+03:00"


def _post(number: int, **facts: Json) -> JsonObject:
    text = f"text of {number}"
    return {"ID": str(number), "AUTHOR_ID": "1", "DATE_PUBLISH": NOW, "DETAIL_TEXT": text, **facts}


class Read(Whole):
    """Rights of posts that were read before."""

    def __init__(
        self, rights: dict[str, list[str]], *, private: bool = False, generation: str = "one", torn: bool = False
    ) -> None:
        self.generation = generation
        self.scans = 0
        self._torn = torn
        self.options = RunOptions(private_posts=private)
        self._rows = [
            SourceRecord(f"{right}:{post}", {"right": right, "post_id": post})
            for post, found in rights.items()
            for right in found
        ]

    async def pages(self, entity: str) -> tuple[str, ...]:
        self.scans += 1
        return (entity,) if self._rows else ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        if self._torn:
            raise RetryLater("source.unexpected_answer", "no answer")
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


def _denied(*rights: str) -> AudienceReader:
    """User 1 is denied these rights, and sees a post for every other."""

    def answer(body: JsonObject) -> JsonObject:
        refused = {key: {"error": "ACCESS_DENIED"} for key in body["cmd"] if key.removeprefix("w")[:3] in rights}
        shown = {key: [{"ID": "10", "DATE_PUBLISH": NOW}] for key in body["cmd"] if key not in refused}
        return {"result": {"result": shown, "result_error": refused}}

    return AudienceReader(Webhooks([], (Webhook("1", "", True, None, connected(answer)),)))


def _asking(*rights: str) -> JsonObject:
    return {"end": 1_800_000_000, "windows": [Window(right).dump() for right in rights]}


async def test_a_right_that_is_denied_is_counted_and_the_others_are_read() -> None:
    reader = _denied("SG5")
    page = await reader.read(_asking("SG5", "SG6"), Read({}))
    assert [record.id for record in page.records] == ["SG6:10"]
    assert page.coverage == {"refused_to 1": 1, "rights_refused": 1}
    assert reader.rows(page.raw) == page.records


async def test_private_posts_stay_private_when_a_user_may_not_ask_for_their_own() -> None:
    with pytest.raises(EntityStopped, match="user 1"):
        await _denied("U1_").read(_asking("U1", "SG6"), Read({}))
    page = await _denied("U1_").read(_asking("U1", "SG6"), Read({}, private=True))
    assert [record.id for record in page.records] == ["SG6:10"]


async def test_posts_are_read_through_the_webhooks_that_are_not_denied() -> None:
    def answer(body: JsonObject) -> JsonObject:
        return {"result": {"result": {key: [_post(10)] for key in body["cmd"]}}}

    def denied(body: JsonObject) -> JsonObject:
        return {"result": {"result": [], "result_error": {key: {"error": "ACCESS_DENIED"} for key in body["cmd"]}}}

    users = {"1": denied, "5": answer}
    webhooks = tuple(Webhook(user, "", False, None, connected(how)) for user, how in users.items())
    page = await PostReader(Webhooks([], webhooks)).read(_asking(""), Read({}, private=True))
    assert [record.data["seen_by"] for record in page.records] == [["5"]]
    assert page.coverage["refused_to 1"] == 1


async def test_what_went_before_is_asked_of_the_ledger_once_for_a_generation() -> None:
    gathered, read = audiences(), Read({"10": ["UA"]})
    assert [await gathered.of(read) for _ in range(3)] == [{"10": ["UA"]}] * 3
    assert read.scans == 1


async def test_two_runs_at_once_do_not_mix_what_went_before() -> None:
    gathered = audiences()
    one, other = Read({"10": ["UA"]}), Read({"10": ["U7"]}, generation="other")
    for _ in range(3):
        assert await gathered.of(one) == {"10": ["UA"]}
        assert await gathered.of(other) == {"10": ["U7"]}
    assert (one.scans, other.scans) == (1, 1)


async def test_a_generation_after_a_resume_gathers_anew() -> None:
    gathered = audiences()
    await gathered.of(Read({"10": ["UA"]}, generation="run 1"))
    assert await gathered.of(Read({"10": ["UA", "SG5"]}, generation="run 2")) == {"10": ["UA", "SG5"]}


async def test_what_was_gathered_in_part_is_not_kept() -> None:
    gathered = audiences()
    with pytest.raises(RetryLater):
        await gathered.of(Read({"10": ["UA"]}, torn=True))
    assert await gathered.of(Read({"10": ["UA"]})) == {"10": ["UA"]}
