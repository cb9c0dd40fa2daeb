"""Chats read back to their oldest message, many at a time (API facts §4.5).

``im.dialog.messages.get`` gives the messages before ``LAST_ID``, newest first, without a count. One read is one batch
through one webhook: a page for each of up to 50 chats, and further pages, chained, for those that have many left. A
chat is over when a page is empty; a page that is not exactly full makes the chained ones after it worthless.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map

METHOD = "im.dialog.messages.get"
PAGE = 50


@dataclass(frozen=True, slots=True)
class History:
    """A chat to read. ``key`` names it in cursors and answers; ``readers`` are the users who may see it, best first."""

    key: str
    dialog: str
    readers: tuple[str, ...]
    messages: int = 0


@dataclass(slots=True)
class Place:
    """How far a chat was read: before ``last`` (None: from its end), with the ``reader``-th of its readers."""

    last: int | None = None
    reader: int = 0
    seen: int = 0

    def dump(self) -> list[Json]:
        """The JSON form."""
        return [self.last, self.reader, self.seen]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one read asks: ``chosen`` histories by key, all through the webhook of ``by``."""

    by: str
    chosen: dict[str, History]
    places: dict[str, Place]
    next: int
    waiting: dict[str, Place]


def choose(histories: Sequence[History], cursor: JsonObject, most: int) -> Turn | None:
    """The chats of the next read: those that were begun, then new ones, up to ``most``; None when all are over."""
    by_key = {history.key: history for history in histories}
    begun = {key: Place(*place) for key, place in as_map(cursor.get("open")).items() if key in by_key}
    number = int(cursor.get("next", 0))
    if begun:
        first = next(iter(begun))
        by = _reader(by_key[first], begun[first])
    elif number < len(histories):
        by = histories[number].readers[0]
    else:
        return None
    mine = [key for key, place in begun.items() if _reader(by_key[key], place) == by][:most]
    places = {key: begun[key] for key in mine}
    while len(places) < most and number < len(histories) and histories[number].readers[0] == by:
        places[histories[number].key] = Place()
        number += 1
    waiting = {key: place for key, place in begun.items() if key not in places}
    return Turn(by, {key: by_key[key] for key in places}, places, number, waiting)


def _reader(history: History, place: Place) -> str:
    return history.readers[min(place.reader, len(history.readers) - 1)]


def commands(turn: Turn, room: int = MOST_COMMANDS) -> dict[str, Command]:
    """The commands of a turn: every chat its next page, and what room is left goes to the longest ones."""
    pages = dict.fromkeys(turn.chosen, 1)
    wanted = {key: _pages_left(history, turn.places[key]) for key, history in turn.chosen.items()}
    spare = room - len(pages)
    for key in sorted(wanted, key=lambda one: -wanted[one]):
        extra = min(spare, max(0, wanted[key] - 1))
        pages[key] += extra
        spare -= extra
    found: dict[str, Command] = {}
    for key, history in turn.chosen.items():
        last: Json = turn.places[key].last
        for number in range(pages[key]):
            parameters: JsonObject = {"DIALOG_ID": history.dialog, "LIMIT": PAGE}
            found[page_key(key, number)] = (METHOD, parameters | ({} if last is None else {"LAST_ID": last}))
            last = f"$result[{page_key(key, number)}][messages][{PAGE - 1}][id]"
    return found


def _pages_left(history: History, place: Place) -> int:
    return math.ceil(max(0, history.messages - place.seen) / PAGE)


def page_key(key: str, number: int) -> str:
    """Key of the n-th chained page of a chat."""
    return f"m{key}_{number:02d}"


def pages_of(results: Mapping[str, Json], key: str) -> list[list[JsonObject]]:
    """The pages of one chat that can be trusted, each newest first, without doubles."""
    pages: list[list[JsonObject]] = []
    known: set[int] = set()
    number = 0
    while (name := page_key(key, number)) in results:
        messages = [one for one in as_list(as_map(results[name]).get("messages")) if isinstance(one, dict)]
        new = [one for one in messages if int(one["id"]) not in known]
        known.update(int(one["id"]) for one in new)
        pages.append(new)
        if len(messages) != PAGE:
            break
        number += 1
    return pages


def files_of(results: Mapping[str, Json], key: str) -> dict[str, JsonObject]:
    """What the answers say of the files of one chat, by file id."""
    found: dict[str, JsonObject] = {}
    number = 0
    while (name := page_key(key, number)) in results:
        files = as_list(as_map(results[name]).get("files"))
        found |= {str(one["id"]): one for one in files if isinstance(one, dict)}
        number += 1
    return found


def advance(turn: Turn, answer: BatchAnswer) -> tuple[dict[str, Place], list[str]]:
    """(the chats that are not over with their new places, those that none of their readers may see).

    A chat whose page failed for a passing reason stays where it was. Raises that error when no chat moved at all.
    """
    places, unreadable, trouble, moved = dict(turn.waiting), [], [], False
    for key, history in turn.chosen.items():
        place, error = turn.places[key], answer.errors.get(page_key(key, 0))
        if error is None:
            moved = True
            pages = pages_of(answer.results, key)
            messages = [message for page in pages for message in page]
            if messages and pages[-1]:
                oldest = min(int(message["id"]) for message in messages)
                places[key] = Place(oldest, place.reader, place.seen + len(messages))
        elif not isinstance(error, EntityStopped):
            places[key] = place
            trouble.append(error)
        elif error.reason.code == "source.method_missing":
            raise error
        elif place.reader + 1 < len(history.readers):
            moved = True
            places[key] = Place(place.last, place.reader + 1, place.seen)
        else:
            moved = True
            unreadable.append(key)
    if trouble and not moved:
        raise trouble[0]
    return places, unreadable


def following(turn: Turn, places: Mapping[str, Place], total: int) -> JsonObject | None:
    """The part of the next cursor that this module reads, or None when every chat is over."""
    if not places and turn.next >= total:
        return None
    return {"next": turn.next, "open": {key: place.dump() for key, place in places.items()}}
