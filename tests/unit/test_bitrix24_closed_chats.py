"""Chats that a list shows: those that nobody may open any more, and those whose answers come in part."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from connectors.bitrix24.families.chats import ChatReader
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import Lost, SourcePage, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, introduced

_CLOSED = {"error": "ACCESS_ERROR", "error_description": "You do not have access to the specified dialog"}
_MISSING = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
_STUMBLE = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}
_TOO_MANY = {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
_OPEN: JsonObject = {"user_counter": 2}


@dataclass
class Dialogs(Whole):
    """Chats as the administrator's list shows them, on one page unless there are more."""

    pages_of: Mapping[str, tuple[str, ...]]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return tuple(self.pages_of)

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        shown = ({"chat_id": one, "user": "1", "dialog": f"chat{one}", "item": {}} for one in self.pages_of[page])
        return tuple(SourceRecord(f"1:{row['chat_id']}", row) for row in shown)


@dataclass
class Chats:
    """Open chats of two members but for those that go ``wrong``: by command, the errors it meets one after another.

    ``results`` are answers by command that are others than usual.
    """

    wrong: Mapping[str, list[JsonObject]] = field(default_factory=dict)
    results: Mapping[str, Json] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        self.batches.append(list(body["cmd"]))
        wrong = {key: self.wrong[key].pop(0) for key in body["cmd"] if self.wrong.get(key)}
        right = {key: _OPEN if key[0] == "c" else [1, 2] for key in body["cmd"] if key not in wrong}
        return {
            "result": {
                "result": {**right, **{key: self.results.get(key, right[key]) for key in right}},
                "result_error": wrong,
            }
        }

    async def read(self, *chats: str) -> SourcePage:
        return await ChatReader(introduced(self.answer)).read({"page": "the page"}, Dialogs({"the page": chats}))


def _ids(page: SourcePage) -> list[str]:
    return [record.id for record in page.records]


async def test_a_chat_that_nobody_may_open_is_lost_and_the_others_are_read() -> None:
    page = await Chats({"c7": [_CLOSED], "u7": [_CLOSED]}).read("7", "8")
    assert _ids(page) == ["8"]
    assert page.lost == (Lost("7", "source.denied", "no webhook may open this chat"),)


@pytest.mark.parametrize("wrong", [_STUMBLE, _TOO_MANY])
async def test_only_what_stumbled_is_asked_again(wrong: JsonObject) -> None:
    chats = Chats({"u7": [wrong]})
    page = await chats.read("7", "8")
    assert (_ids(page), page.records[0].data["members"]) == (["7", "8"], [1, 2])
    assert chats.batches == [["c7", "u7", "c8", "u8"], ["u7"]]


async def test_what_stumbles_without_end_is_raised() -> None:
    with pytest.raises(RetryLater):
        await Chats({"c7": [_STUMBLE] * 9}).read("7", "8")


async def test_chats_that_were_read_before_trouble_are_not_read_again() -> None:
    names = [str(number) for number in range(10, 40)]
    page = await Chats({f"c{names[-1]}": [_STUMBLE] * 9}).read(*names)
    assert _ids(page) == names[: len(page.records)]
    assert page.next == {"page": "the page", "start": len(page.records)}


@pytest.mark.parametrize("chats", [Chats({"u7": [_CLOSED]}), Chats({"u7": [_MISSING]}), Chats(results={"u7": []})])
async def test_a_chat_whose_members_may_not_be_read_says_so(chats: Chats) -> None:
    page = await chats.read("7", "8")
    assert [record.data.get("unread") for record in page.records] == [["members"], None]
    assert page.coverage["members_unread"] == 1


async def test_a_chat_without_members_is_no_chat_with_unread_ones() -> None:
    page = await Chats(results={"c7": {"user_counter": 0}, "u7": []}).read("7")
    assert "unread" not in page.records[0].data


async def test_a_chat_on_two_pages_is_read_with_the_first() -> None:
    dialogs = Dialogs({"first": ("7",), "second": ("7", "8")})
    reader = ChatReader(introduced(Chats().answer))
    read = [await reader.read({"page": page}, dialogs) for page in ("first", "second")]
    assert [_ids(page) for page in read] == [["7"], ["8"]]


async def test_many_chats_make_one_page() -> None:
    names = [str(number) for number in range(10, 310)]
    assert _ids(await Chats().read(*names)) == names


@pytest.mark.parametrize("nothing", [[], None])
async def test_a_chat_of_which_nothing_is_told_is_lost(nothing: Json) -> None:
    page = await Chats(results={"c7": nothing}).read("7", "8")
    assert (_ids(page), [one.id for one in page.lost]) == (["8"], ["7"])
