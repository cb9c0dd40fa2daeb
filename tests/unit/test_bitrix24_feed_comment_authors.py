"""Whose webhook reads whose comments, and what is lost where none may."""

from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.transport import Transport
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage
from tests.unit.bitrix24_stand_in import connected
from tests.unit.commented_feed import Answer, Read, comment_of, read_comments, records_of

DENIED: Json = {"error": "ACCESS_DENIED", "error_description": ""}


def _several(answer: Answer, admins: Mapping[str, bool | None], denied: set[str]) -> Webhooks:
    """A webhook for each user (is it an administrator's?); those in ``denied`` are refused the comments."""

    def of(user: str) -> Transport:
        def batch(body: JsonObject) -> JsonObject:
            asked = {key: command.partition("?") for key, command in body["cmd"].items()}
            if user in denied:
                return {"result": {"result": {}, "result_error": dict.fromkeys(asked, DENIED)}}
            found = {key: answer(method, dict(parse_qsl(query))) for key, (method, _, query) in asked.items()}
            return {"result": {"result": found}}

        return connected(batch)

    return Webhooks([], tuple(Webhook(user, "", admin, None, of(user)) for user, admin in admins.items()))


def _one_each(_method: str, asked: dict[str, str]) -> Json:
    return {"comments": [] if "LAST_ID" in asked else [comment_of(int(asked["USER_ID"]))], "files": []}


def _counted(pages: list[SourcePage]) -> Counter[str]:
    return sum((Counter(page.coverage) for page in pages), Counter())


async def test_authors_whom_no_webhook_may_read_are_counted() -> None:
    webhooks = _several(_one_each, {"1": False}, set())
    counted = _counted(await read_comments(webhooks, Read(("1", "2", "3"), {"7": "1"})))
    assert (counted["authors_unread"], counted["comments_collected"]) == (2, 1)


async def test_authors_are_read_by_a_webhook_that_may_be_an_administrators() -> None:
    pages = await read_comments(_several(_one_each, {"1": False, "2": None}, set()), Read(("1", "2", "3"), {"7": "1"}))
    assert {one["author_id"] for one in records_of(pages).values()} == {"1", "2", "3"}


async def test_an_author_whose_own_webhook_is_denied_is_read_by_an_administrator() -> None:
    webhooks = _several(_one_each, {"1": True, "2": False}, {"2"})
    pages = await read_comments(webhooks, Read(("1", "2"), {"7": "1"}))
    assert {one["author_id"]: one["text_unavailable"] for one in records_of(pages).values()} == {"1": False, "2": True}
    assert _counted(pages)["refused_to 2"] > 0


async def test_authors_of_a_denied_administrator_are_unread_and_the_others_go_on() -> None:
    webhooks = _several(_one_each, {"1": True, "2": False}, {"1"})
    pages = await read_comments(webhooks, Read(("1", "2", "3"), {"7": "1"}))
    assert {one["author_id"] for one in records_of(pages).values()} == {"2"}
    assert _counted(pages)["authors_unread"] == 2


async def test_comments_stop_when_every_webhook_is_denied() -> None:
    with pytest.raises(EntityStopped, match="ACCESS_DENIED"):
        await read_comments(_several(_one_each, {"1": True, "2": False}, {"1", "2"}), Read(("1", "2"), {"7": "1"}))
