"""A feed whose comments are answered by a function, and reading them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from connectors.bitrix24.families.feed_comments import CommentReader
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, connected

EARLY, LATE = "2020-01-01T00:00:00+03:00", "2021-01-01T00:00:00+03:00"

Answer = Callable[[str, dict[str, str]], Json]
"""(method, parameters) → result."""


@dataclass
class Read(Whole):
    """What was read before: users, and posts with their authors."""

    users: tuple[str, ...] = ()
    posts: dict[str, str] = field(default_factory=dict)
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, entity: str) -> tuple[str, ...]:
        return (entity,) if await self.rows(entity) else ()

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        if page == "user":
            return tuple(SourceRecord(user, {}) for user in self.users)
        return tuple(SourceRecord(post, {"AUTHOR_ID": author}) for post, author in self.posts.items())


def webhooks_of(answer: Answer) -> Webhooks:
    def batch(body: JsonObject) -> JsonObject:
        results = {}
        for key, command in body["cmd"].items():
            method, _, query = command.partition("?")
            known: JsonObject = {"profile": {"ID": "1", "ADMIN": True}, "scope": ["log"]}
            results[key] = known[method] if method in known else answer(method, dict(parse_qsl(query)))
        return {"result": {"result": results}}

    return Webhooks([connected(batch)])


async def read_comments(portal: Answer | Webhooks, read: Read) -> list[SourcePage]:
    reader = CommentReader(portal if isinstance(portal, Webhooks) else webhooks_of(portal))
    pages: list[SourcePage] = []
    for cursor in (await reader.cut(8, read)).cursors:
        following: JsonObject | None = cursor
        while following is not None:
            assert len(pages) < 50, "reading never ends"
            pages.append(await reader.read(following, read))
            following = pages[-1].next
    return pages


def comment_of(number: int, **facts: Json) -> JsonObject:
    return {"id": number, "comment_id": number + 1000, "date": LATE, "text": "", "attach": [], "post_id": 7, **facts}


def records_of(pages: list[SourcePage]) -> dict[str, JsonObject]:
    found = [record for page in pages for record in page.records]
    assert len({record.id for record in found}) == len(found)
    return {record.id: record.data for record in found}
