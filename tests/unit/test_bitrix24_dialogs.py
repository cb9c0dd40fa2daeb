"""Chats that are looked for by the records that may have one, and in the lists of webhooks."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from connectors.bitrix24.families.dialogs import DialogReader
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import NothingYet, Whole, introduced

_DENIED = {"error": "ACCESS_ERROR", "error_description": ""}
_STUMBLE = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}
_MISSING = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}


@dataclass
class Deals(Whole):
    """What was read before: one page of deals."""

    names: Sequence[str]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, entity: str) -> tuple[str, ...]:
        return ("the page",) if entity == "deal" else ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(name, {}) for name in self.names)


@dataclass
class Bound:
    """Every deal has the chat of its own number but for those that go ``wrong``, by their ids, one error after another.

    ``most`` commands can be answered in time.
    """

    wrong: Mapping[str, list[JsonObject]] = field(default_factory=dict)
    most: int = 50
    batches: list[list[str]] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        if len(body["cmd"]) > self.most:
            raise RetryLater("source.unreachable", "ReadTimeout")
        deals = {key: command.rpartition("%7C")[2] for key, command in body["cmd"].items()}
        self.batches.append(list(deals.values()))
        errors = {key: self.wrong[deal].pop(0) for key, deal in deals.items() if self.wrong.get(deal)}
        results: JsonObject = {key: {"ID": int(deal)} for key, deal in deals.items() if key not in errors}
        return {"result": {"result": results, "result_error": errors}}

    async def read(self, *deals: str) -> SourcePage:
        return await DialogReader(introduced(self.answer)).read({"of": "deal", "page": "the page"}, Deals(deals))


def _chats(page: SourcePage) -> list[str]:
    return [record.data["chat_id"] for record in page.records]


async def test_a_record_without_a_chat_has_no_dialog() -> None:
    def nothing(body: JsonObject) -> JsonObject:
        return {"result": {"result": dict.fromkeys(body["cmd"]), "result_error": []}}

    page = await DialogReader(introduced(nothing)).read({"of": "deal", "page": "the page"}, Deals(("7",)))
    assert (page.records, page.next, page.coverage) == ((), None, {"bound_refused": 0})


async def test_only_the_record_whose_answer_stumbled_is_asked_about_again() -> None:
    bound = Bound({"8": [_STUMBLE]})
    assert sorted(_chats(await bound.read("7", "8", "9"))) == ["7", "8", "9"]
    assert bound.batches == [["7", "8", "9"], ["8"]]


async def test_a_record_whose_chat_is_refused_is_counted() -> None:
    page = await Bound({"8": [_DENIED]}).read("7", "8")
    assert (_chats(page), page.coverage, page.lost) == (["7"], {"bound_refused": 1}, ())


async def test_a_portal_that_finds_no_chats_by_records_is_asked_once_and_told() -> None:
    names = [str(number) for number in range(10, 40)]
    bound = Bound({name: [_MISSING] for name in names})
    page = await bound.read(*names)
    assert [(one.id, one.reason) for one in page.lost] == [("deal-chats", "source.method_missing")]
    assert (len(bound.batches), page.next) == (1, None)


async def test_many_records_make_one_page() -> None:
    names = [str(number) for number in range(10, 310)]
    page = await Bound().read(*names)
    assert (_chats(page), page.next) == (names, None)


async def test_a_portal_that_answers_in_time_only_about_few_records_is_read_by_few() -> None:
    bound = Bound(most=3)
    reader = DialogReader(introduced(bound.answer))
    cursor: JsonObject | None = {"of": "deal", "page": "the page"}
    deals, chats = Deals([str(number) for number in range(10, 40)]), list[str]()
    for _ in range(99):
        with contextlib.suppress(RetryLater):
            page = await reader.read(cursor or {}, deals)
            chats += _chats(page)
            cursor = page.next
        if cursor is None:
            break
    assert chats == deals.names


@dataclass
class Recent:
    """The administrator's list."""

    items: Sequence[JsonObject]
    offsets: list[int] = field(default_factory=list)

    def answer(self, asked: JsonObject) -> JsonObject:
        start, end = asked["OFFSET"], asked["OFFSET"] + asked["LIMIT"]
        self.offsets.append(start)
        return {"result": {"items": self.items[start:end], "hasMore": end < len(self.items)}}

    async def read(self, *, private: bool = True) -> SourcePage:
        reader, run = DialogReader(introduced(self.answer)), NothingYet(RunOptions(private_chats=private))
        return await reader.read({"user": "1", "offset": 0}, run)


async def test_pages_of_a_list_that_overlap_make_one_page_with_each_chat_once() -> None:
    recent = Recent([{"id": f"chat{number}", "chat_id": number} for number in range(1, 501)])
    page = await recent.read()
    assert _chats(page) == [str(number) for number in range(1, 501)]
    assert (recent.offsets, page.next) == ([0, 190, 380], None)


async def test_a_long_list_takes_several_reads() -> None:
    page = await Recent([{"id": f"chat{number}", "chat_id": number} for number in range(1, 2001)]).read()
    assert page.next is not None
    assert page.next["offset"] == 950


@pytest.mark.parametrize(
    ("item", "chat", "private"),
    [
        ({"id": 503, "chat_id": 21}, "21", True),
        ({"id": "503", "chat_id": "21"}, "21", True),
        ({"id": "chat1317", "chat_id": 1317}, "1317", False),
        ({"id": "sg5", "chat_id": 40}, "40", False),
    ],
)
async def test_a_dialog_is_known_by_the_chat_behind_its_name(item: JsonObject, chat: str, private: bool) -> None:
    (row,) = (await Recent([item]).read()).records
    assert (row.data["chat_id"], row.data["private"]) == (chat, private)


async def test_a_private_dialog_without_a_chat_is_none() -> None:
    assert (await Recent([{"id": 503}]).read()).records == ()


async def test_private_dialogs_are_not_kept_for_a_run_that_does_not_name_them() -> None:
    page = await Recent([{"id": 503, "chat_id": 21}, {"id": "chat7", "chat_id": 7}]).read(private=False)
    assert _chats(page) == ["7"]
