"""Messages of chats whose answers come in part: each of them once, and nothing silently missing."""

import random
from dataclasses import dataclass, field

import pytest

from connectors.bitrix24.families.chat_messages import ChatMessageReader
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, connected, introduced

_STUMBLE = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}
_DENIED = {"error": "ACCESS_ERROR", "error_description": ""}


@dataclass
class Messenger:
    """Chats of so many messages; some commands stumble, and unread chats answer more than a page.

    ``most`` commands can be answered in time.
    """

    chats: dict[str, int]
    wrong: float = 0.0
    closed: frozenset[str] = frozenset()
    most: int = 50
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    results: dict[str, Json] = field(default_factory=dict)

    def answer(self, body: JsonObject) -> JsonObject:
        results: dict[str, Json] = {}
        errors: dict[str, Json] = {}
        if len(body["cmd"]) > self.most:
            raise RetryLater("source.unreachable", "ReadTimeout")
        for key, command in body["cmd"].items():
            asked = dict(pair.split("=") for pair in command.partition("?")[2].split("&"))
            chat = asked["DIALOG_ID"].removeprefix("chat")
            if chat in self.closed:
                errors[key] = _DENIED
            elif self.chance.random() < self.wrong:
                errors[key] = _STUMBLE
            else:
                results[key] = {"messages": self._page(chat, asked.get("LAST_ID"), results), "files": []}
        return {"result": {"result": results or [], "result_error": errors or []}}

    def _page(self, chat: str, last: str | None, results: dict[str, Json]) -> list[JsonObject]:
        if last is not None and last.startswith("$result"):
            page = results.get(last.split("[")[1].rstrip("]"), {}).get("messages", [])
            last = str(page[49]["id"]) if len(page) > 49 else None
        end = int(last) if last else self.chats[chat] + 1
        size = 73 if last is None else 50
        return [{"id": one, "params": []} for one in range(end - 1, max(0, end - 1 - size), -1)]


@dataclass(frozen=True)
class OnePage(Whole):
    """What was read before: one page of chats."""

    chats: tuple[SourceRecord, ...]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ("page",)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return self.chats


def _chats(*names: str, messages: int = 0) -> OnePage:
    told = {"message_count": messages}
    return OnePage(tuple(SourceRecord(one, {"dialogs": {"1": f"chat{one}"}, **told}) for one in names))


def _reader(messenger: Messenger, user: str = "1") -> ChatMessageReader:
    return ChatMessageReader(Webhooks([], (Webhook(user, "", True, None, connected(messenger.answer)),)))


async def _read(messenger: Messenger, chats: OnePage) -> tuple[list[int], list[str]]:
    reader, messages, lost = _reader(messenger), list[int](), list[str]()
    cursor: JsonObject | None = {"page": "page"}
    for _ in range(500):
        try:
            page = await reader.read(cursor or {}, chats)
        except RetryLater:
            continue
        messages += [int(record.id) for record in page.records]
        lost += [one.id for one in page.lost]
        cursor = page.next
        if cursor is None:
            return messages, lost
    raise AssertionError("the chats do not end")


@pytest.mark.parametrize("seed", range(20))
async def test_each_message_comes_once_while_commands_stumble(seed: int) -> None:
    messenger = Messenger({"5": 260, "6": 130}, wrong=0.4, chance=random.Random(seed))
    messages, _ = await _read(messenger, _chats("5", "6"))
    assert sorted(messages) == sorted([*range(1, 261), *range(1, 131)])


async def test_a_chat_that_nobody_may_read_is_told_and_costs_no_other() -> None:
    messages, lost = await _read(Messenger({"5": 60, "6": 10}, closed=frozenset({"6"})), _chats("6", "5"))
    assert (sorted(messages), lost) == (list(range(1, 61)), ["6-messages"])


async def test_a_private_dialog_is_never_read_through_somebody_elses_webhook() -> None:
    with pytest.raises(EntityStopped):
        await _reader(Messenger({"5": 60}), user="2").read({"page": "page"}, _chats("5"))


async def test_a_portal_that_answers_in_time_only_a_few_commands_is_read_to_the_end() -> None:
    messages, _ = await _read(Messenger({"5": 260, "6": 30, "7": 1}, most=2), _chats("5", "6", "7"))
    assert sorted(messages) == sorted([*range(1, 261), *range(1, 31), 1])


async def test_many_short_chats_make_one_page() -> None:
    names = [str(number) for number in range(10, 110)]
    messenger = Messenger(dict.fromkeys(names, 3))
    page = await _reader(messenger).read({"page": "page"}, _chats(*names))
    assert (len(page.records), page.next) == (300, None)


async def test_a_page_ends_when_it_holds_enough() -> None:
    page = await _reader(Messenger({"5": 9000})).read({"page": "page"}, _chats("5", messages=9000))
    assert 1000 <= len(page.records) < 4000
    assert page.next is not None


async def test_turns_before_trouble_are_kept() -> None:
    def answer(body: JsonObject) -> JsonObject:
        if "LAST_ID" in str(body):
            raise RetryLater("source.unreachable", "ReadTimeout")
        return Messenger({"5": 3}).answer(body)

    page = await ChatMessageReader(introduced(answer)).read({"page": "page"}, _chats("5"))
    assert ([record.id for record in page.records], page.next is None) == (["3", "2", "1"], False)


async def test_a_chat_without_messages_may_answer_an_empty_list() -> None:
    reader = ChatMessageReader(introduced(lambda body: {"result": {"result": {key: [] for key in body["cmd"]}}}))
    page = await reader.read({"page": "page"}, _chats("5"))
    assert (page.records, page.next) == ((), None)


@pytest.mark.parametrize("params", [{"FILE_ID": [8]}, {"FILE_ID": {"1": "8"}}, {"FILE_ID": "8"}, {"FILE_ID": 8}])
async def test_a_file_comes_with_its_message_however_the_message_names_it(params: JsonObject) -> None:
    page_of = {"messages": [{"id": 1, "params": params}], "files": [{"id": 8, "name": "a.png"}]}
    reader = ChatMessageReader(introduced(lambda body: {"result": {"result": dict.fromkeys(body["cmd"], page_of)}}))
    (row,) = (await reader.read({"page": "page"}, _chats("5"))).records
    assert row.data["files"] == page_of["files"]
