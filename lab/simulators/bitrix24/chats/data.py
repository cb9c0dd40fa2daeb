"""All chats of the portal, and who may read them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from lab.simulators.bitrix24.chats import cards
from lab.simulators.bitrix24.chats.comments import task_comments
from lab.simulators.bitrix24.chats.dialogs import CRM, GROUP, OPEN, PRIVATE, REMOVED, TASK, Chat, Message
from lab.simulators.bitrix24.disk.data import Disk
from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.tasks.data import Tasks
from lab.simulators.bitrix24.texts import Writer


@dataclass(slots=True)
class Chats:
    """``files``: chat id by the id of a file that was sent there; ``last``: the highest message id so far."""

    tasks: Tasks
    disk: Disk
    writer: Writer
    chats: dict[int, Chat] = field(default_factory=dict)
    entities: dict[tuple[str, str], int] = field(default_factory=dict)
    pairs: dict[frozenset[int], int] = field(default_factory=dict)
    files: dict[int, int] = field(default_factory=dict)
    last: int = 1000

    def put(self, chat: Chat) -> None:
        """Make a chat known under all its names."""
        self.chats[chat.id] = chat
        if chat.type == PRIVATE:
            self.pairs[chat.members] = chat.id
        if chat.entity[0]:
            self.entities[chat.entity] = chat.id
        if chat.type == TASK:
            self.tasks.chats[int(chat.entity[1])] = chat.id

    def dialog(self, user: int, name: str) -> Chat | None:
        """``chat15``, ``sg3`` (of a workgroup) or the id of whom ``user`` talks to."""
        if name.startswith("chat"):
            number: int | None = int(name[4:]) if name[4:].isdecimal() else None
        elif name.startswith("sg"):
            number = self.entities.get(("SONET_GROUP", name[2:]))
        else:
            number = self.pairs.get(frozenset({user, int(name)})) if name.isdecimal() else None
        return self.chats.get(number) if number is not None else None

    def readable(self, chat: Chat, user: int, *, admin: bool) -> bool:
        """For participants; open chats for all; bound ones for those who may read what they are bound to."""
        if user in chat.members or chat.type == OPEN:
            return True
        if chat.type == TASK:
            task = self.tasks.find(int(chat.entity[1]))
            return admin or (task is not None and user in self.tasks.readers(task))
        return chat.type == CRM and admin

    def truth(self, entity: str) -> list[Row]:
        """``chat`` with its ``members``; ``chat_message`` of all chats; ``task_comment`` of both cards, no doubles."""
        rows: dict[str, Callable[[], list[Row]]] = {
            "chat": lambda: [
                cards.dialog(self.tasks.circles, chat) | {"members": sorted(chat.members)}
                for chat in self.chats.values()
            ],
            "chat_message": lambda: [cards.message(chat, one) for chat in self.chats.values() for one in chat.messages],
            "task_comment": lambda: task_comments(self.tasks, self.chats),
        }
        return rows[entity]()

    def mutate(self, chance: random.Random) -> list[Change]:
        """Somebody writes, edits or deletes a message; or renames a chat, joins it or leaves it, which it says."""
        if not self.chats:
            return []
        chat = self.chats[chance.choice(list(self.chats))]
        kind = chance.random()
        if kind < 0.1 and chat.type in (GROUP, OPEN):
            return self._remade(chance, chat)
        place = chance.randrange(len(chat.messages)) if chat.messages and kind > 0.7 else None
        if place is None:
            self.last += chance.randint(1, 3)
            author = chance.choice(sorted(chat.members) or [0])
            chat.messages.append(Message(self.last, author, int(self.tasks.circles.people.clock()), self.writer.line()))
            return self._changes(chat, chat.messages[-1], "added")
        old = chat.messages[place]
        if not old.author or old.removed or old.copied:
            return []
        edited = kind < 0.9
        text, mark = (f"{self.writer.line()} (2)", "IS_EDITED") if edited else (REMOVED, "IS_DELETED")
        kept = dict(old.params) if edited else {}
        params = tuple((kept | {mark: "Y"}).items())
        chat.messages[place] = replace(old, text=text, files=old.files if edited else (), params=params)
        return self._changes(chat, chat.messages[place], "changed" if edited else "deleted")

    def _remade(self, chance: random.Random, chat: Chat) -> list[Change]:
        deed, others = chance.randrange(3), sorted(chat.members - {chat.owner})
        if deed == 0:
            chat.members |= {chance.choice(self.tasks.circles.ids)}
        elif deed == 1 and others:
            chat.members -= {chance.choice(others)}
        else:
            chat.title = self.writer.title(chance.randint(1, 999))
        self.last += 1
        now = int(self.tasks.circles.people.clock())
        chat.messages.append(Message(self.last, 0, now, self.writer.line()))
        return [Change("chat", str(chat.id), "changed"), *self._changes(chat, chat.messages[-1], "added")]

    def _changes(self, chat: Chat, one: Message, what: Literal["added", "changed", "deleted"]) -> list[Change]:
        """A message of a task's chat is a comment too. A deleted one stays in its chat, but is no comment any more."""
        message = Change("chat_message", str(one.id), "changed" if what == "deleted" else what)
        if chat.type != TASK or not one.author or self.tasks.find(int(chat.entity[1])) is None:
            return [message]
        return [message, Change("task_comment", f"m{one.id}", what)]
