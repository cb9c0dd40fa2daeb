"""Comments of tasks whose chats are long, whose forum is dead, and whose portal stumbles."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.families.task_comments import TaskCommentReader
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import Lost, SourcePage, SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole, introduced

DATE = "2025-10-06T17:02:43+02:00"
MISSING: JsonObject = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
FORBIDDEN: JsonObject = {"error": "ACCESS_ERROR", "error_description": ""}
GONE: JsonObject = {"error": "ERROR_CORE", "error_description": "TASKS_ERROR_EXCEPTION_#8"}
STUMBLE: JsonObject = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}

_MACRO = re.compile(r"\$result\[(\w+)\]\[messages\]\[49\]\[id\]")


@dataclass
class Discussed:
    """A portal of tasks with so many messages each (by task id, which is the chat's as well) and one old comment.

    ``wrong`` says how the answer to a command (method, task) goes wrong, if it does. ``copies`` are messages that are
    the copy of the old comment; ``most`` commands can be answered in time; ``gone`` tasks were deleted meanwhile.
    """

    chats: dict[int, int]
    wrong: Callable[[str, int], Json] = lambda _method, _task: None
    copies: Collection[int] = ()
    most: int = 50
    gone: Collection[int] = ()
    batches: list[JsonObject] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        results: JsonObject = {}
        errors: JsonObject = {}
        self.batches.append(body["cmd"])
        if len(body["cmd"]) > self.most:
            raise RetryLater("source.unreachable", "ReadTimeout")
        for key, command in body["cmd"].items():
            method, _, query = command.partition("?")
            asked = dict(parse_qsl(query))
            task = int(asked.get("TASKID") or asked.get("taskId") or asked["DIALOG_ID"].removeprefix("chat"))
            wrong = self.wrong(method, task)
            if isinstance(wrong, dict):
                errors[key] = wrong
            elif method == "tasks.task.get":
                results[key] = [] if task in self.gone else {"task": {"id": str(task)}}
            elif method == "task.commentitem.getlist":
                results[key] = None if wrong == "null" else [_comment(task)]
            else:
                results[key] = self._page(task, asked.get("LAST_ID"), results)
        return {"result": {"result": results or [], "result_error": errors or []}}

    def _page(self, task: int, last: str | None, results: JsonObject) -> JsonObject:
        """Ids of a chat are those up to its length. A macro that finds nothing leaves the condition void."""
        upto = self.chats[task] + 1 if last is None or not last.isdecimal() else int(last)
        if last is not None and (macro := _MACRO.fullmatch(last)) and len(results[macro[1]]["messages"]) == 50:
            upto = results[macro[1]]["messages"][49]["id"]
        ids = range(upto - 1, max(0, upto - 51), -1)
        return {"messages": [_message(one, "old" if one in self.copies else None) for one in ids], "files": []}


def _comment(task: int) -> JsonObject:
    return {"ID": str(task), "AUTHOR_ID": "5", "POST_DATE": DATE, "POST_MESSAGE": "old"}


def _message(number: int, text: str | None = None) -> JsonObject:
    return {"id": number, "author_id": 5, "date": DATE, "text": text or f"message {number}", "params": []}


@dataclass
class Tasks(Whole):
    """One page of tasks that were read before."""

    portal: Discussed
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ("page of tasks",)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return tuple(
            SourceRecord(str(one), {"details": {"chatId": one}, "commentsCount": str(self.portal.chats[one])})
            for one in self.portal.chats
        )


async def read_all(portal: Discussed, patience: int = 0) -> list[SourcePage]:
    """Reads that come to nothing are repeated, ``patience`` times in all."""
    reader, tasks = TaskCommentReader(introduced(portal.answer)), Tasks(portal)
    (cursor,) = (await reader.cut(8, tasks)).cursors
    following: JsonObject | None = cursor
    pages = []
    while following is not None:
        try:
            pages.append(await reader.read(following, tasks))
        except RetryLater:
            patience -= 1
            if patience < 0:
                raise
        else:
            following = pages[-1].next
    return pages


def ids(pages: list[SourcePage]) -> list[tuple[str, str]]:
    return sorted((record.data["task_id"], record.id) for page in pages for record in page.records)


def expected(portal: Discussed, *worlds: str) -> list[tuple[str, str]]:
    forum = [(str(task), f"f{task}") for task in portal.chats if "forum" in worlds]
    chat = [
        (str(task), f"m{one}")
        for task, length in portal.chats.items()
        for one in range(1, length + 1)
        if "chat" in worlds
    ]
    return sorted(forum + chat)


async def test_every_comment_of_many_tasks_comes_once() -> None:
    portal = Discussed(dict(enumerate([0, 1, 49, 50, 51, 130] * 20, 1)))
    assert ids(await read_all(portal)) == expected(portal, "forum", "chat")


async def test_a_long_chat_is_read_in_parts() -> None:
    portal = Discussed({1: 3, 2: 5200, 3: 60, 4: 2600})
    pages = await read_all(portal)
    assert ids(pages) == expected(portal, "forum", "chat")
    assert max(len(page.records) for page in pages) <= 4000


async def test_comments_of_the_forum_come_with_the_end_of_a_long_chat() -> None:
    pages = await read_all(Discussed({1: 9000}))
    assert [any(record.id == "f1" for record in page.records) for page in pages][-2:] == [False, True]
    assert sum(record.id == "f1" for page in pages for record in page.records) == 1


async def test_a_comment_is_known_by_its_copy_in_an_early_part_of_a_long_chat() -> None:
    pages = await read_all(Discussed({1: 9000}, copies={8990}))
    records = {record.id: record.data for page in pages for record in page.records}
    assert records["f1"]["copied_as"] == "m8990"
    assert "m8990" not in records


def _closed_at(*parts: int) -> Callable[[str, int], Json]:
    """The forum refuses its readings of these numbers, from 1."""
    readings = 0

    def wrong(method: str, _task: int) -> Json:
        nonlocal readings
        if method.startswith("im"):
            return None
        readings += 1
        return GONE if readings in parts else None

    return wrong


async def test_a_forum_that_was_closed_during_the_first_part_of_a_chat_does_not_double_its_comments() -> None:
    portal = Discussed({1: 9000}, _closed_at(1), copies={8990})
    pages = await read_all(portal)
    assert ids(pages) == expected(portal, "chat")
    assert pages[-1].coverage["forum_unreadable"] == 1
    assert [page.lost for page in pages] == [()] * len(pages)


async def test_a_forum_that_closes_between_the_parts_of_a_chat_is_told_to_be_lost() -> None:
    portal = Discussed({1: 9000}, _closed_at(2), copies={8990, 5})
    pages = await read_all(portal)
    came = expected(portal, "chat")
    came.remove(("1", "m8990"))
    assert len(pages) > 2
    assert ids(pages) == came
    assert [(one.id, one.reason) for page in pages for one in page.lost] == [("task-1-forum", "source.denied")]


async def test_many_chats_of_some_length_do_not_make_one_read_endless() -> None:
    portal = Discussed(dict.fromkeys(range(1, 51), 1100))
    pages = await read_all(portal)
    assert ids(pages) == expected(portal, "forum", "chat")
    assert max(len(page.records) for page in pages) <= 4000


async def test_many_quiet_tasks_make_one_page() -> None:
    portal = Discussed(dict.fromkeys(range(1, 201), 1))
    (page,) = await read_all(portal)
    assert ids([page]) == expected(portal, "forum", "chat")


async def test_a_portal_that_answers_in_time_only_a_few_commands_is_read_to_the_end() -> None:
    portal = Discussed({1: 3, 2: 400, 3: 60}, most=2)
    assert ids(await read_all(portal, patience=20)) == expected(portal, "forum", "chat")


@pytest.mark.parametrize("answer", [MISSING, GONE, "null"], ids=["no such method", "refused", "dead"])
async def test_the_chat_is_enough_where_the_forum_cannot_be_read(answer: Json) -> None:
    portal = Discussed({1: 3, 2: 0}, lambda method, _task: answer if method.startswith("task") else None)
    pages = await read_all(portal)
    assert ids(pages) == expected(portal, "chat")
    assert pages[0].coverage == {"chat_unreadable": 0, "forum_unreadable": 2, "chats_read": 2}
    assert pages[0].lost == ()


async def test_the_forum_is_enough_for_a_task_whose_chat_cannot_be_read() -> None:
    portal = Discussed({1: 3, 2: 4}, lambda method, task: FORBIDDEN if (method[:2], task) == ("im", 2) else None)
    pages = await read_all(portal)
    assert ids(pages) == sorted([*expected(Discussed({1: 3}), "forum", "chat"), ("2", "f2")])
    assert pages[0].coverage == {"chat_unreadable": 1, "forum_unreadable": 0, "chats_read": 1}
    assert pages[0].lost == ()


async def test_the_forum_is_enough_where_the_portal_has_no_chats() -> None:
    portal = Discussed({1: 3, 2: 4}, lambda method, _task: MISSING if method.startswith("im") else None)
    pages = await read_all(portal)
    assert ids(pages) == expected(portal, "forum")
    assert pages[0].coverage == {"chat_unreadable": 2, "forum_unreadable": 0, "chats_read": 0}


async def test_a_task_that_has_comments_and_shows_neither_world_is_lost() -> None:
    def closed(method: str, task: int) -> Json:
        return None if task == 1 or method == "tasks.task.get" else GONE if method[:4] == "task" else FORBIDDEN

    (page,) = await read_all(Discussed({1: 3, 2: 4, 3: 0}, closed))
    assert page.lost == (
        Lost("task-2-chat", "source.denied", "neither the forum nor the chat of this task is open to a webhook"),
    )
    assert page.coverage == {"chat_unreadable": 2, "forum_unreadable": 2, "chats_read": 1}


async def test_a_task_that_was_deleted_since_it_was_listed_loses_nothing() -> None:
    def closed(method: str, task: int) -> Json:
        return None if task == 1 or method == "tasks.task.get" else GONE if method[:4] == "task" else FORBIDDEN

    (page,) = await read_all(Discussed({1: 3, 2: 4}, closed, gone=[2]))
    assert page.lost == ()


async def test_a_task_whose_chat_is_read_in_parts_is_counted_once() -> None:
    pages = await read_all(Discussed({1: 3, 2: 5200}, lambda method, _task: "null" if method[:2] == "ta" else None))
    assert sum(page.coverage["forum_unreadable"] for page in pages) == 2
    assert sum(page.coverage["chats_read"] for page in pages) == 2


async def test_a_portal_that_has_neither_stops_the_entity() -> None:
    with pytest.raises(EntityStopped):
        await read_all(Discussed({1: 3}, lambda _method, _task: MISSING))


async def test_what_stumbles_is_asked_for_again() -> None:
    answered: set[tuple[str, int]] = set()

    def every_first_time(method: str, task: int) -> Json:
        stumbles = (method, task) not in answered and task != 1
        answered.add((method, task))
        return STUMBLE if stumbles else None

    portal = Discussed({1: 3, 2: 70, 3: 0}, every_first_time)
    assert ids(await read_all(portal)) == expected(portal, "forum", "chat")


async def test_what_stumbles_without_end_is_no_empty_forum() -> None:
    with pytest.raises(RetryLater):
        await read_all(
            Discussed({1: 3, 2: 4}, lambda method, task: STUMBLE if (method[:2], task) == ("ta", 2) else None)
        )
