"""Comments by author, read back to the oldest, many authors to a batch (API facts §4.3).

Nobody says in which order ``log.blogcomment.user.get`` answers: the first page of an author shows it, and the cursor
goes on from its end. An author is over when a page is empty; one that is not full proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.transport import Command
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map

METHOD = "log.blogcomment.user.get"
PAGE = 100
_OLDER, _NEWER = "LAST_ID", "FIRST_ID"


@dataclass(frozen=True, slots=True)
class Place:
    """How far an author was read: up to the comment ``last``, which ``cursor`` names; at first there is none."""

    cursor: str | None = None
    last: int = 0

    @property
    def backwards(self) -> bool:
        """Whether what comes next is older than what came."""
        return self.cursor == _OLDER

    def dump(self) -> list[Json]:
        """The JSON form; ``Place(*dumped)`` reads it."""
        return [self.cursor, self.last]


def author_key(author: str) -> str:
    """Key of the command for one author; says whose comments an answer holds."""
    return f"a{author}"


def author_of(key: str) -> str:
    """The inverse of ``author_key``."""
    return key.removeprefix("a")


def command(author: str, place: Place) -> Command:
    """The next page of one author."""
    bound = {} if place.cursor is None else {place.cursor: place.last}
    return METHOD, {"USER_ID": author, "LIMIT": PAGE, **bound}


def comments_of(result: Json) -> list[JsonObject]:
    """The comments of one page. Raises RetryLater for what is not a list of comments with ids: it may hide some.

    An object without anything in it is answered as ``[]`` (API facts §1.3).
    """
    found = as_map(result).get("comments") if result != [] else result
    if not isinstance(found, list | dict):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: a page that is no list")
    comments = as_list(found)
    if not all(str(as_map(one).get(name, "")).isdecimal() for one in comments for name in ("id", "comment_id")):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: a comment without an id")
    return comments


def since(comments: Sequence[JsonObject], moment: int | None) -> list[JsonObject]:
    """Those of that moment (Unix seconds) or later, or without a date; all of them when there is none."""
    dates = [instant(one.get("date")) for one in comments]
    return [one for one, date in zip(comments, dates, strict=True) if moment is None or date is None or date >= moment]


def files_of(result: Json) -> JsonObject:
    """The files of one page by id, in whichever form the portal writes them (API facts §9.1)."""
    files = as_map(result).get("files")
    if isinstance(files, list):
        return {str(one["id"]): one for one in map(as_map, files) if "id" in one}
    return as_map(files)


def place_after(place: Place, comments: Sequence[JsonObject]) -> Place | None:
    """Where an author goes on after a page; None when he is over. Raises RetryLater for ids out of order."""
    ids = [int(one["id"]) for one in comments]
    if not ids:
        return None
    cursor = place.cursor or (_NEWER if ids[0] < ids[-1] else _OLDER)
    line = ids if place.cursor is None else [place.last, *ids]
    if line != sorted(set(line), reverse=cursor == _OLDER):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: ids out of order")
    return Place(cursor, ids[-1])
