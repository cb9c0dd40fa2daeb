"""A chat and its messages."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from lab.simulators.bitrix24.disk.data import File

PRIVATE, GROUP, OPEN, CRM, WORKGROUP, TASK = "private", "chat", "open", "crm", "sonetGroup", "tasksTask"
REMOVED = "Это сообщение было удалено."


@dataclass(frozen=True, slots=True)
class Message:
    """``author`` 0: the system. ``copied``: a comment of the old task card, with the author and date it had there."""

    id: int
    author: int
    made: int
    text: str
    files: tuple[File, ...] = ()
    params: tuple[tuple[str, Any], ...] = ()
    copied: bool = False

    @property
    def removed(self) -> bool:
        """Deleted, and still in the list."""
        return ("IS_DELETED", "Y") in self.params


@dataclass(slots=True)
class Chat:
    """``entity``: type and id of what the chat belongs to, or two empty texts. Messages ascend by id."""

    id: int
    type: str
    title: str
    owner: int
    members: frozenset[int]
    created: int
    entity: tuple[str, str] = ("", "")
    messages: list[Message] = field(default_factory=list)

    @property
    def active(self) -> tuple[int, int]:
        """What dialogs are ordered by."""
        return (self.messages[-1].id, self.id) if self.messages else (0, self.id)

    def place(self, number: int) -> int | None:
        """Where a message is; None when it is not in this chat."""
        place = bisect_left(self.messages, number, key=_id)
        return place if place < len(self.messages) and self.messages[place].id == number else None


def _id(one: Message) -> int:
    return one.id
