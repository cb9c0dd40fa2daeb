"""Turns: a page of owners is read a few files at a time, and what stumbles is put behind the others."""

from dataclasses import dataclass, field

from connectors.bitrix24.readers.attachments import OwnedFiles, Wanted
from connectors.bitrix24.readers.file_servers import FileServers
from shared.model.errors import SlowDown
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import Lost

_AT_ONCE = 25
"""Files of one read: few enough for their addresses to be used before they are over."""


@dataclass(slots=True)
class Turn:
    """One read: ``files`` by their place on the page, and how often each ``failed`` before. What came of it: ``rows``
    and what is ``lost``, by id; and by place how often those have failed that are to be tried ``again``. ``ids`` are
    those of all files of the page. ``came`` is the place of a file that the portal itself has handed out.
    """

    files: dict[int, Wanted]
    failed: dict[int, int]
    next: int
    again: dict[int, int]
    total: int
    ids: frozenset[str]
    servers: FileServers
    came: int | None
    rows: dict[str, JsonObject] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    pauses: list[SlowDown] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    downloads: int = 0
    gone: int = 0

    @staticmethod
    def of(cursor: JsonObject, owned: OwnedFiles, servers: FileServers) -> "Turn":
        """New files as long as there are any, then those that are to be tried again.

        These go first when they are many or wait for a server: a cursor never holds more than those of two turns.
        """
        start = int(cursor.get("start", 0))
        again = {int(place): int(count) for place, count in as_list(cursor.get("again"))}
        first = len(again) >= _AT_ONCE or (again and servers.tried_again)
        new = range(start, start if first else min(start + _AT_ONCE, len(owned.files)))
        chosen = new or list(again)[:_AT_ONCE]
        return Turn(
            files={place: owned.files[place] for place in chosen},
            failed={place: again.get(place, 0) for place in chosen},
            next=start + len(new),
            again={place: count for place, count in again.items() if place not in chosen},
            total=len(owned.files),
            ids=owned.ids,
            servers=servers,
            came=cursor.get("came"),
        )

    @property
    def brought_nothing(self) -> bool:
        """Whether the same turn would be made once more."""
        return (
            not self.rows and not self.lost and all(self.again.get(one) == count for one, count in self.failed.items())
        )

    def following(self, cursor: JsonObject) -> JsonObject | None:
        """The cursor of the next turn; None when this was the last."""
        if not self.again and self.next >= self.total:
            return None
        again: Json = [list(one) for one in self.again.items()]
        return {
            **cursor,
            "start": self.next,
            "again": again,
            "servers": self.servers.cursor(),
            "came": self.came,
        }

    @property
    def files_by_id(self) -> dict[str, Wanted]:
        """The files of this read by their source ids."""
        return {one.id: one for one in self.files.values()}
