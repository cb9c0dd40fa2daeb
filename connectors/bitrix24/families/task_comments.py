"""``task_comment``: from the old card's forum and from the tasks' chats (API facts §4.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import number
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.following import ranges_by_parents
from connectors.bitrix24.readers.histories import (
    History,
    Place,
    advance,
    choose,
    commands,
    files_of,
    following,
    messages_of,
)
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.readers.two_worlds import CHAT, FORUM, merged
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_COMMENTS = "task.commentitem.getlist"
_TASK_SCOPES, _CHAT_SCOPES = ("task",), ("im",)

_AT_ONCE = MOST_COMMANDS
"""Tasks of one read."""

_CLOSED = "neither the forum nor the chat of this task is open to a webhook"

_MOST_MESSAGES = 2000
_MOST_TURNS = 20
"""What a task's chat may hold, and take, before the task is put off, to be read alone."""

_GROWTH = 3
"""A chat that goes on is thought to hold so many times what was read of it; that many pages are chained."""


@dataclass(slots=True)
class _Found:
    """What one read brought so far. ``put_off`` and the lists of ``unreadable``, by world, are ids of tasks.

    ``missing`` are the worlds that nobody can read here.
    """

    raw: list[bytes] = field(default_factory=list)
    put_off: list[str] = field(default_factory=list)
    unreadable: dict[str, list[str]] = field(default_factory=lambda: {FORUM: [], CHAT: []})
    missing: set[str] = field(default_factory=set)

    def closed(self, tasks: Mapping[str, JsonObject]) -> tuple[Lost, ...]:
        """The tasks that say they have comments and show them nowhere; a task without a chat has the forum alone."""
        unread, chats = set(self.unreadable[FORUM]), self._without_chat(tasks)
        return tuple(
            Lost(f"task-{task}-chat", "source.denied", _CLOSED)
            for task, data in tasks.items()
            if task in unread and task in chats and number(data.get("commentsCount"))
        )

    def coverage(self, tasks: Mapping[str, JsonObject]) -> dict[str, int]:
        """How many of ``tasks`` told less than all; one that was put off is counted by the read that takes it."""
        now = [task for task in tasks if task not in self.put_off]
        forum, without = set(self.unreadable[FORUM]), self._without_chat(tasks)
        return {
            "chat_unreadable": len(set(self.unreadable[CHAT]).intersection(now)),
            "forum_unreadable": len(forum.intersection(now)),
            "chats_read": len(set(now) - without),
        }

    def _without_chat(self, tasks: Mapping[str, JsonObject]) -> set[str]:
        return {task for task, data in tasks.items() if task in self.unreadable[CHAT] or not _chat_of(data)}


@dataclass(slots=True)
class TaskCommentReader:
    """A range for each page of tasks. See ``Reader``.

    One page holds all comments of some tasks, since a comment and its copy must meet. Where one of a task's worlds
    cannot be read the other one is taken for enough, since a new card shows its chat to participants alone: such tasks
    are counted. A task that has comments and shows neither world is lost.
    """

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``TaskCommentReader``."""
        return await ranges_by_parents(extracted, "task")

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """The next 50 tasks, or one that has a long chat: the forum in one batch, then turns through the chats.

        The cursor's ``start`` says how many tasks were taken, ``alone`` which of them were put off. Raises
        EntityStopped when the portal offers neither world.
        """
        tasks = {record.id: record.data for record in await extracted.rows(str(cursor["page"]))}
        start, alone = int(cursor.get("start", 0)), [str(one) for one in as_list(cursor.get("alone"))]
        chosen = alone[:1] or list(tasks)[start : start + _AT_ONCE]
        found = _Found()
        await self._read_forum(chosen, found)
        taken = {one: tasks[one] for one in chosen}
        await self._read_chats(taken, found, whole=bool(alone))
        if found.missing == {FORUM, CHAT}:
            raise EntityStopped("source.denied", "neither the tasks' comments nor their chats are open to a webhook")
        raw = (*found.raw, note({"put_off": found.put_off, "unreadable": found.unreadable}))
        rest = alone[1:] if alone else found.put_off
        start += 0 if alone else len(chosen)
        goes_on = bool(rest) or start < len(tasks)
        next_cursor = {"page": cursor["page"], "start": start, "alone": rest} if goes_on else None
        lost, coverage = found.closed(taken), found.coverage(taken)
        return SourcePage(self.rows(raw), raw, next_cursor, len(found.raw), lost, coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The comments of every task that was not put off."""
        forum: dict[str, list[JsonObject]] = {}
        messages: dict[str, dict[int, JsonObject]] = {}
        files: dict[str, JsonObject] = {}
        for one in told(raw):
            results = batch_results(one.answer)
            for task in dict.fromkeys(key[1:].partition("_")[0] for key in results):
                if _key(task) in results:
                    forum[task] = _comments(results[_key(task)]) or []
                files.setdefault(task, {}).update(files_of(results, task))
                known = messages.setdefault(task, {})
                known |= {int(message["id"]): message for message in messages_of(results, task, None)}
        put_off = as_list(noted(raw).get("put_off"))
        return tuple(
            record
            for task in messages
            if task not in put_off
            for record in merged(task, forum.get(task, []), messages[task].values(), files[task])
        )

    async def _read_forum(self, chosen: Sequence[str], found: _Found) -> None:
        webhook = await self.webhooks.first(*_TASK_SCOPES)
        asked = await attempt(webhook, {_key(one): _list_of(one) for one in chosen})
        found.raw += asked.raw
        found.unreadable[FORUM] = [one for one in chosen if _comments(asked.results.get(_key(one))) is None]
        if any(error.reason.code == "source.method_missing" for error in asked.refused.values()):
            found.missing.add(FORUM)

    async def _read_chats(self, tasks: Mapping[str, JsonObject], found: _Found, *, whole: bool) -> None:
        """``whole``: however long it takes."""
        chats = {task: f"chat{chat}" for task, data in tasks.items() if (chat := _chat_of(data))}
        readers = await self._readers()
        if not readers:
            found.missing.add(CHAT)
            found.unreadable[CHAT] = list(chats)
            return
        histories = [History(task, dialog, tuple(readers)) for task, dialog in chats.items()]
        cursor: JsonObject | None = {}
        turns = 0
        while cursor is not None and (turn := choose(histories, cursor)) is not None:
            answer = await readers[turn.by].transport.batch(commands(turn))
            try:
                places, unreadable = advance(turn, answer)
            except EntityStopped:
                found.missing.add(CHAT)
                found.unreadable[CHAT] = list(chats)
                return
            turns += 1
            found.raw.append(archived(turn.by, answer.raw))
            found.unreadable[CHAT] += unreadable
            if not whole:
                late = [task for task, place in places.items() if place.seen > _MOST_MESSAGES or turns == _MOST_TURNS]
                found.put_off += late
                places = {task: place for task, place in places.items() if task not in late}
            histories = [_grown(history, places.get(history.key)) for history in histories]
            cursor = following(turn, places, len(histories))

    async def _readers(self) -> dict[str, Webhook]:
        """By user, administrators first."""
        try:
            webhooks = await self.webhooks.with_scope(*_CHAT_SCOPES)
        except EntityStopped:
            return {}
        found: dict[str, Webhook] = {}
        for webhook in webhooks:
            found.setdefault(webhook.user, webhook)
        return found


def _key(task: str) -> str:
    """Key of the command for the forum of a task; the histories' keys begin with other letters."""
    return f"f{task}"


def _list_of(task: str) -> Command:
    """Arguments that go by their place (API facts §1.1)."""
    return _COMMENTS, {"TASKID": task, "ORDER": {"ID": "asc"}}


def _comments(result: Json) -> list[JsonObject] | None:
    """None when the old card's list is dead. Raises RetryLater for a row without an id: it may hide some."""
    if not isinstance(result, list | dict):
        return None
    rows = as_list(result)
    if not all(isinstance(row, dict) and str(row.get("ID")).isdecimal() for row in rows):
        raise RetryLater("source.unexpected_answer", f"{_COMMENTS}: a comment without an id")
    return rows


def _chat_of(task: JsonObject) -> int:
    """0 for a task without a chat, or gone."""
    return int(as_map(task.get("details")).get("chatId") or 0)


def _grown(history: History, place: Place | None) -> History:
    """The chat, with a guess of how many messages there are."""
    return history if place is None or place.ending else replace(history, messages=_GROWTH * place.seen)


READERS: Readers = {"task_comment": lambda portal: TaskCommentReader(portal.webhooks)}

# The method of the chats is a need of the messenger
NEEDS = (Need(_COMMENTS, _TASK_SCOPES),)
