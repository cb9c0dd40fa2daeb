"""Comments of the feed that were deleted: known by reading their authors once more."""

from dataclasses import dataclass, field

from connectors.bitrix24.presence.feed_comments import FeedComments
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, connected
from tests.unit.commented_feed import Answer, comment_of

WROTE = {"1001": "5", "1002": "5", "1003": "8"}


@dataclass
class Earlier(Whole):
    """One page of comments of a run before, by author."""

    authors: dict[str, str]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ()

    async def earlier(self, _entity: str) -> tuple[str, ...]:
        return ("page of comments",)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(one, {"author_id": author}) for one, author in self.authors.items())


def _webhooks(answer: Answer, *, admin: bool = True) -> Webhooks:
    def batch(body: JsonObject) -> JsonObject:
        results: JsonObject = {}
        errors: JsonObject = {}
        for key, line in body["cmd"].items():
            query = dict(one.split("=", 1) for one in line.partition("?")[2].split("&"))
            told = answer(line.partition("?")[0], query)
            (errors if isinstance(told, dict) and "error" in told else results)[key] = told
        return {"result": {"result": results or [], "result_error": errors or []}}

    return Webhooks([], (Webhook("1", "Anna", admin, None, connected(batch)),))


def _feed(comments: dict[str, list[int]]) -> Answer:
    """By author; the newest first, a page at a time."""

    def answer(_method: str, query: dict[str, str]) -> Json:
        upto = int(query.get("LAST_ID", "999999"))
        found = sorted((one for one in comments.get(query["USER_ID"], []) if one < upto), reverse=True)
        return {"comments": [comment_of(one) for one in found[:2]], "files": []}

    return answer


async def _gone(webhooks: Webhooks) -> frozenset[str]:
    return await FeedComments(webhooks).gone(list(WROTE), Earlier(WROTE))


async def test_a_comment_that_its_author_does_not_have_any_more_is_gone() -> None:
    assert await _gone(_webhooks(_feed({"5": [2], "8": [3]}))) == {"1001"}


async def test_an_author_is_read_to_the_end_before_anything_is_gone() -> None:
    assert await _gone(_webhooks(_feed({"5": [1, 2, 30, 31, 32, 33], "8": [3]}))) == frozenset()


async def test_of_an_author_who_is_refused_nobody_knows() -> None:
    def answer(_method: str, query: dict[str, str]) -> Json:
        if query["USER_ID"] == "5":
            return {"error": "ACCESS_DENIED", "error_description": ""}
        return {"comments": [], "files": []}

    assert await _gone(_webhooks(answer)) == {"1003"}


async def test_a_webhook_of_no_administrator_does_not_tell_of_others() -> None:
    assert await _gone(_webhooks(_feed({}), admin=False)) == frozenset()
