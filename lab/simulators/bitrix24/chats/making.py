"""Chats and messages from a seed."""

import random
from collections.abc import Iterator

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.chats.comments import comments_of
from lab.simulators.bitrix24.chats.data import Chats
from lab.simulators.bitrix24.chats.dialogs import CRM, GROUP, OPEN, PRIVATE, REMOVED, TASK, WORKGROUP, Chat, Message
from lab.simulators.bitrix24.disk.data import Disk, File
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.tasks.comments import NEW_CARD, ForumComment
from lab.simulators.bitrix24.tasks.data import Tasks
from lab.simulators.bitrix24.texts import Writer

_KINDS = [PRIVATE] * 7 + [GROUP] * 6 + [OPEN] * 2 + [CRM] * 2 + [WORKGROUP] * 3
_TITLES = ["Общий чат", "Проект «Заря»", "Sales & Marketing 🎉", "<b>Склад</b>", "Обед"]
_HOUR = 3600
_SYSTEM = (("CODE", ["CHAT_JOIN"]), ("NOTIFY", "N"))
_Event = tuple[int, int, int, ForumComment | None]  # when it got its id, chat, date, the comment it is a copy of


def populate(size: Size, tasks: Tasks, disk: Disk) -> Chats:
    """The same chats for the same size and seed. Messages of all chats share one sequence of ids."""
    chance = random.Random(f"chats{size.seed}")
    circles = tasks.circles
    writer = Writer(chance, [(number, circles.name(number)) for number in circles.ids])
    chats = Chats(tasks, disk, writer)
    drafts = [draft for draft in (_draft(chance, chats) for _ in range(size.chats if circles.ids else 0)) if draft]
    drafts += [_task_chat(tasks, place) for place in range(len(tasks.table.rows)) if place % 11 != 3]
    number = 10
    for draft in sorted(drafts, key=lambda one: one.created):
        number += chance.choice([1, 1, 2, 7])
        draft.id = number
        chats.put(draft)
    for _, number, made, copied in sorted(_events(chance, chats, size.messages), key=lambda one: one[:3]):
        _write(chance, chats, chats.chats[number], made, copied)
    tasks.comments = lambda task: [str(row["id"]) for row in comments_of(tasks, chats.chats, task)]
    return chats


def _draft(chance: random.Random, chats: Chats) -> Chat | None:
    """A chat without an id; None when such a one exists already. The first user is in many of them."""
    circles, kind = chats.tasks.circles, chance.choice(_KINDS)
    created = chance.randint(stamps.FIRST, stamps.LAST - 90 * 86400)
    first = circles.ids[0]
    members = {circles.somebody(chance, gone=0.02), *circles.several(chance, 9)}
    members |= {first} if chance.random() < 0.5 else set()
    owner, title, entity = chance.choice(sorted(members)), chance.choice(_TITLES), ("", "")
    if kind == PRIVATE:
        pair = [first if chance.random() < 0.5 else circles.somebody(chance), circles.somebody(chance, gone=0.05)]
        owner, members, title = pair[0], set(pair), ""
        if len(members) < 2 or frozenset(members) in chats.pairs:
            return None
        chats.pairs[frozenset(members)] = 0
    if kind == CRM:
        entity = ("CRM", chance.choice(chats.tasks.bound).chat)
        title = f"Чат {entity[1]}"
    if kind == WORKGROUP:
        if not circles.people.groups.rows:
            return None
        group = chance.choice(circles.people.groups.rows)
        entity, title = ("SONET_GROUP", group["ID"]), group["NAME"]
        owner, members = int(group["OWNER_ID"]), set(circles.members(int(group["ID"])))
    if entity[0] and entity in chats.entities:
        return None
    if entity[0]:
        chats.entities[entity] = 0
    return Chat(0, kind, title, owner, frozenset(members), created, entity)


def _task_chat(tasks: Tasks, place: int) -> Chat:
    row = tasks.table.rows[place]
    part = [row["CREATED_BY"], row["RESPONSIBLE_ID"], *row["ACCOMPLICES"], *row["AUDITORS"]]
    created = stamps.read(row["CREATED_DATE"]) or 0
    members = frozenset(map(int, part))
    return Chat(0, TASK, row["TITLE"], int(row["CREATED_BY"]), members, created, ("TASKS_TASK", row["ID"]))


def _events(chance: random.Random, chats: Chats, messages: int) -> Iterator[_Event]:
    """When each message came. A few chats have most of them."""
    plain = [chat for chat in chats.chats.values() if chat.type != TASK]
    for _ in range(messages if plain else 0):
        chat = plain[int(len(plain) * chance.random() ** 3)]
        made = chance.randint(chat.created, stamps.LAST)
        yield made, chat.id, made, None
    for chat in chats.chats.values():
        yield chat.created, chat.id, chat.created, None  # the first one is the system's
        if chat.type == TASK:
            for comment in chats.tasks.forum.get(int(chat.entity[1]), []):
                if comment.moved:
                    yield NEW_CARD + chat.id, chat.id, comment.made, comment
            for _ in range(chance.choice([0, 1, 2, 4])):
                made = max(chat.created, NEW_CARD) + chance.randint(1000 * _HOUR, 2000 * _HOUR)
                yield made, chat.id, made, None


def _write(chance: random.Random, chats: Chats, chat: Chat, made: int, copied: ForumComment | None) -> None:
    chats.last += chance.choice([1, 1, 2, 3])
    if copied is not None:
        files = tuple(chats.disk.files[link.file] for link in copied.files)
        chats.files |= dict.fromkeys((file.id for file in files), chat.id)
        chat.messages.append(Message(chats.last, copied.author, made, copied.text, files, copied=True))
        return
    if not chat.messages and chat.type != PRIVATE:
        chat.messages.append(Message(chats.last, 0, made, _joined(chats, chat), (), _SYSTEM))
        return
    author = chance.choice(sorted(chat.members) or [0])
    kind = chance.random()
    if kind < 0.02:
        chat.messages.append(Message(chats.last, author, made, REMOVED, (), (("IS_DELETED", "Y"),)))
        return
    files = _files(chance, chats, chat, author, made) if kind > 0.9 else ()
    text = "" if files and kind > 0.94 else chats.writer.line()
    chat.messages.append(Message(chats.last, author, made, text, files, tuple(_params(chance, chat))))


def _params(chance: random.Random, chat: Chat) -> Iterator[tuple[str, object]]:
    kind = chance.random()
    if kind < 0.05:
        yield "LIKE", sorted(chat.members)[:2]
    if 0.05 < kind < 0.12 and chat.messages:
        yield "REPLY_ID", chance.choice(chat.messages[-20:]).id
    if kind > 0.96:
        yield "IS_EDITED", "Y"


def _files(chance: random.Random, chats: Chats, chat: Chat, author: int, made: int) -> tuple[File, ...]:
    readers, secret = (None, False) if chat.type == OPEN else (chat.members, chat.type not in (CRM, TASK))
    files = tuple(chats.disk.add(author, made, readers, secret=secret) for _ in range(chance.choice([1, 1, 2])))
    chats.files |= dict.fromkeys((file.id for file in files), chat.id)
    return files


def _joined(chats: Chats, chat: Chat) -> str:
    name = chats.tasks.circles.name(chat.owner)
    what = "создал(а) задачу" if chat.type == TASK else "создал(а) чат"
    return f"[USER={chat.owner} REPLACE]{name}[/USER] {what}"
