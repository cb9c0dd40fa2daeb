"""``task_comment``: from the old card's forum and from the tasks' chats (API facts §4.4)."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.coverage import number
from connectors.bitrix24.families.tasks import THERE
from connectors.bitrix24.presence.asked import Asked
from connectors.bitrix24.raw import archived, note, noted
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.commented import METHOD, comments_of, copies, forum_command, forum_key, held_of, shown
from connectors.bitrix24.readers.following import ranges_by_parents
from connectors.bitrix24.readers.histories import (
    MOST_OF_ONE,
    History,
    Place,
    advance,
    choose,
    commands,
    messages_of,
)
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.readers.rounds import ENOUGH_SECONDS
from connectors.bitrix24.readers.sweeping import Sweep, chat_of
from connectors.bitrix24.readers.two_worlds import CHAT, FORUM
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater, SlowDown
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_TASK_SCOPES, _CHAT_SCOPES = ("task",), ("im",)

_CLOSED = "neither the forum nor the chat of this task is open to a webhook"

_TORN = "the forum of this task was closed while its chat was read; comments of it are missing"

_ENOUGH = 1000
"""Messages of a page after which it ends, be a chat over or not."""

_GROWTH = 3
"""A chat that goes on is thought to hold so many times what was read of it; that many pages are chained."""


@dataclass(slots=True)
class _Found:
    """Where one read is, and what it brought so far.

    ``start`` tasks were taken, of which ``open`` ones still have messages to come; ``begun`` says where their chats
    were when the read took them, ``over`` are those that came to their end in it. ``unreadable``, by world, are ids of
    tasks; ``missing`` are the worlds that nobody can read here. ``forumless`` tasks had parts of their chats merged
    without their forum, ``torn`` ones were merged with it before it closed.
    """

    start: int
    open: dict[str, Place]
    begun: dict[str, int | None] = field(default_factory=dict)
    over: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    unreadable: dict[str, set[str]] = field(default_factory=lambda: {FORUM: set(), CHAT: set()})
    missing: set[str] = field(default_factory=set)
    forumless: set[str] = field(default_factory=set)
    torn: list[str] = field(default_factory=list)
    messages: int = 0

    def take(self, tasks: Sequence[str]) -> None:
        """Begin the chats of further tasks."""
        self.open |= {task: Place() for task in tasks}
        self.start += len(tasks)

    def finish(self, tasks: Iterable[str]) -> None:
        """Nothing is left to be read of them."""
        for task in tasks:
            del self.open[task]
            self.over.append(task)

    def parts(self) -> dict[str, list[Json]]:
        """See ``readers.commented``."""
        over: dict[str, list[Json]] = {task: [self.begun[task], 0, True] for task in self.over if self.begun[task]}
        goes_on = {task: self.begun[task] for task in self.open if task in self.begun}
        return over | {task: [before, self.open[task].last, False] for task, before in goes_on.items()}

    def closed(self, tasks: Mapping[str, JsonObject]) -> dict[str, Lost]:
        """By id, the tasks that say they have comments and show them nowhere, and those whose forum closed half-way.

        A task without a chat has the forum alone.
        """
        torn = {task: Lost(f"task-{task}-forum", "source.denied", _TORN) for task in self.torn}
        return torn | {
            task: Lost(f"task-{task}-chat", "source.denied", _CLOSED)
            for task in self.over
            if task in self.unreadable[FORUM]
            and self._without_chat(task, tasks)
            and number(tasks[task].get("commentsCount"))
        }

    def coverage(self, tasks: Mapping[str, JsonObject]) -> dict[str, int]:
        """How many tasks told less than all; one is counted by the read that comes to its end."""
        return {
            "chat_unreadable": len(self.unreadable[CHAT].intersection(self.over)),
            "forum_unreadable": len(self.unreadable[FORUM].intersection(self.over)),
            "chats_read": sum(not self._without_chat(task, tasks) for task in self.over),
        }

    def _without_chat(self, task: str, tasks: Mapping[str, JsonObject]) -> bool:
        return task in self.unreadable[CHAT] or not chat_of(tasks[task])


@dataclass(slots=True)
class TaskCommentReader:
    """A range for each page of tasks. See ``Reader``.

    A comment and its copy must meet: the forum of a task is read with each part of its chat, and its comments come with
    the last part. A forum that is closed during one part counts as closed from then on, else its comments would come
    beside copies of them. Where one of a task's worlds cannot be read the other one is taken for enough, since a new
    card shows its chat to participants alone: such tasks are counted. A task that has comments and shows neither world
    is lost, unless it is gone altogether.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _sweep: Sweep = field(init=False)
    _presence: Asked = field(init=False)

    def __post_init__(self) -> None:
        self._sweep = Sweep(self.webhooks)
        self._presence = Asked(THERE, self.webhooks)

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``TaskCommentReader``. Tasks that did not change may have news, too: they are swept."""
        cut = await ranges_by_parents(extracted, "task")
        return Cut((*cut.cursors, *await self._sweep.cursors(extracted)))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Forums, and turns through the chats, until there is enough for a page; further tasks when all are over.

        The cursor's ``start`` says how many tasks were taken, ``open`` how far the chats of those that go on were read,
        ``copied`` which of their comments have their copies in what was read, ``forumless`` which of them had a part
        merged without their forum. Raises EntityStopped when the portal offers neither world.
        """
        if "swept" in cursor:
            return await self._sweep.read(cursor, extracted)
        only = None if "only" not in cursor else frozenset(as_list(cursor["only"]))
        records = await extracted.rows(str(cursor["page"]))
        tasks = {record.id: record.data for record in records if only is None or record.id in only}
        places = {task: Place(*place) for task, place in as_map(cursor.get("open")).items() if task in tasks}
        found = _Found(int(cursor.get("start", 0)), places, forumless=set(as_list(cursor.get("forumless"))))
        until = time.monotonic() + ENOUGH_SECONDS
        steps = 0
        while found.open or found.start < len(tasks):
            if steps and (found.messages >= _ENOUGH or time.monotonic() >= until):
                break
            try:
                await self._step(tasks, found)
            except (RetryLater, SlowDown):
                if not steps:
                    raise
                break
            steps += 1
        copied = as_map(cursor.get("copied"))
        unreadable = {world: sorted(some) for world, some in found.unreadable.items()}
        raw = (*found.raw, note({"parts": found.parts(), "copied": copied, "unreadable": unreadable}))
        held = held_of(raw)
        rest = _rest(found, copied | copies(held)) if found.open or found.start < len(tasks) else None
        following = rest and {**{name: cursor[name] for name in ("page", "only") if name in cursor}, **rest}
        lost, coverage = await self._lost(found.closed(tasks)), found.coverage(tasks)
        return SourcePage(shown(held, found.parts()), raw, following, len(found.raw), lost, coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The messages of every task, and the comments of those that are over."""
        return shown(held_of(raw), as_map(noted(raw).get("parts")))

    async def _lost(self, closed: Mapping[str, Lost]) -> tuple[Lost, ...]:
        """Without the tasks that were deleted since they were listed: their comments went with them."""
        gone = await self._presence.gone(list(closed)) if closed else ()
        return tuple(one for task, one in closed.items() if task not in gone)

    async def _step(self, tasks: Mapping[str, JsonObject], found: _Found) -> None:
        """The forums of tasks that this read has not seen yet, and one turn through the chats."""
        if not found.open:
            found.take(list(tasks)[found.start : found.start + self._pacing.most])
        if unseen := [task for task in found.open if task not in found.begun]:
            await self._read_forum(unseen, found)
            found.begun |= {task: found.open[task].last for task in unseen}
        found.finish([task for task in found.open if not chat_of(tasks[task])])
        readers = await self._readers()
        if not readers:
            _without_chats(found)
        elif found.open:
            await self._take_turn(tasks, readers, found)
        if found.missing == {FORUM, CHAT}:
            raise EntityStopped("source.denied", "neither the tasks' comments nor their chats are open to a webhook")

    async def _read_forum(self, chosen: Sequence[str], found: _Found) -> None:
        found.unreadable[FORUM] |= found.forumless.intersection(chosen)
        chosen = [one for one in chosen if one not in found.forumless]
        if not chosen:
            return
        webhook = await self.webhooks.first(*_TASK_SCOPES)
        asked = await attempt(webhook, {forum_key(one): forum_command(one) for one in chosen}, self._pacing)
        found.raw += asked.raw
        closed = [one for one in chosen if comments_of(asked.results.get(forum_key(one))) is None]
        found.unreadable[FORUM].update(closed)
        found.torn += [one for one in closed if found.open[one].last is not None]
        if any(error.reason.code == "source.method_missing" for error in asked.refused.values()):
            found.missing.add(FORUM)

    async def _take_turn(self, tasks: Mapping[str, JsonObject], readers: Mapping[str, Webhook], found: _Found) -> None:
        most = max(MOST_OF_ONE, self._pacing.most)
        histories = [
            History(task, f"chat{chat_of(tasks[task])}", tuple(readers), 0 if place.ending else _GROWTH * place.seen)
            for task, place in found.open.items()
        ]
        begun = {"next": len(histories), "open": {task: place.dump() for task, place in found.open.items()}}
        turn = choose(histories, begun, most)
        if turn is None:
            return
        answer = await self._pacing.batch(readers[turn.by], commands(turn, most))
        try:
            places, unreadable = advance(turn, answer)
        except EntityStopped:
            _without_chats(found)
            return
        found.raw.append(archived(turn.by, answer.raw))
        found.messages += sum(len(messages_of(answer.results, task, turn.places[task].last)) for task in turn.places)
        found.unreadable[CHAT].update(unreadable)
        found.finish([task for task in found.open if task not in places])
        found.open = places

    async def _readers(self) -> dict[str, Webhook]:
        """By user, administrators first."""
        try:
            return {webhook.user: webhook for webhook in await self.webhooks.with_scope(*_CHAT_SCOPES)}
        except EntityStopped:
            return {}


def _rest(found: _Found, copied: JsonObject) -> JsonObject:
    """The next cursor."""
    return {
        "start": found.start,
        "open": {task: place.dump() for task, place in found.open.items()},
        "copied": {task: copied[task] for task in found.open if copied.get(task)},
        "forumless": [task for task, place in found.open.items() if place.last and task in found.unreadable[FORUM]],
    }


def _without_chats(found: _Found) -> None:
    """Chats are not to be read at this portal."""
    found.missing.add(CHAT)
    found.unreadable[CHAT].update(found.open)
    found.finish(list(found.open))


READERS: Readers = {"task_comment": lambda portal: TaskCommentReader(portal.webhooks)}

# The method of the chats is a need of the messenger
NEEDS = (Need(METHOD, _TASK_SCOPES),)
