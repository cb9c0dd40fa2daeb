"""Chats that a list shows and that nobody may open any more."""

from dataclasses import dataclass, field

from connectors.bitrix24.families.chats import ChatReader
from shared.model.json import JsonObject
from shared.model.records import Lost, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import introduced

_CLOSED = {"error": "ACCESS_ERROR", "error_description": "You do not have access to the specified dialog"}


@dataclass
class Dialogs:
    """Chats 7 and 8, as the administrator's list shows them."""

    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ("the page",)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        shown = ({"chat_id": one, "user": "1", "dialog": f"chat{one}", "item": {}, "private": False} for one in "78")
        return tuple(SourceRecord(f"1:{row['chat_id']}", row) for row in shown)


def _answer(_body: JsonObject) -> JsonObject:
    results = {"c8": {"id": 8, "name": "open"}, "u8": [1, 2]}
    return {"result": {"result": results, "result_error": {"c7": _CLOSED, "u7": _CLOSED}}}


async def test_a_chat_that_nobody_may_open_is_lost_and_the_others_are_read() -> None:
    page = await ChatReader(introduced(_answer)).read({"page": "the page"}, Dialogs())
    assert [record.id for record in page.records] == ["8"]
    assert page.lost == (Lost("7", "source.denied", "no webhook may open this chat"),)
