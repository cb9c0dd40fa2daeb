"""Chats read back to their oldest message, many at a time (API facts §4.5).

``im.dialog.messages.get`` gives the messages before ``LAST_ID``, newest first, without a count. One turn is one batch
through one webhook: a page for each of up to 50 chats, and further pages, chained, for those that have many left.

An empty page is the end, unless the message that ``LAST_ID`` names was deleted meanwhile: then the page is empty too.
So a chat is over when the page before its second oldest message shows nothing older than its oldest either.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map

METHOD = "im.dialog.messages.get"
PAGE = 50

MOST_OF_ONE = 2
"""Commands that one chat may need in a turn."""


@dataclass(frozen=True, slots=True)
class History:
    """A chat to read. ``key`` names it in cursors and answers (letters and digits).

    ``readers`` are the users whose webhooks may see it, best first. A private chat has another ``dialog`` for each of
    them. ``messages`` is about how many there are.
    """

    key: str
    dialog: str
    readers: tuple[str, ...]
    messages: int = 0
    dialogs: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Place:
    """How far a chat was read: to the message ``last`` (None: not begun), ``second`` being the one after it.

    ``reader`` says with which of its readers. ``ending``: the last page was not full, so the end is to be proven.
    """

    last: int | None = None
    second: int | None = None
    reader: int = 0
    seen: int = 0
    ending: bool = False

    def dump(self) -> list[Json]:
        """The JSON form."""
        return [self.last, self.second, self.reader, self.seen, self.ending]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one batch asks: ``chosen`` histories by key, all through the webhook of ``by``, from their ``places``.

    ``next`` is how many histories were begun by now, ``waiting`` the places of those that this turn leaves alone.
    """

    by: str
    chosen: dict[str, History]
    places: dict[str, Place]
    next: int
    waiting: dict[str, Place]


def choose(histories: Sequence[History], cursor: JsonObject, most: int = MOST_COMMANDS) -> Turn | None:
    """The next turn: chats that were begun, then new ones, up to ``most`` commands; None when all are over.

    ``most`` is no less than one chat may need.
    """
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
    room = most
    places: dict[str, Place] = {}
    for key, place in begun.items():
        needed = MOST_OF_ONE if _is_probed(place) else 1
        if _reader(by_key[key], place) == by and needed <= room:
            places[key] = place
            room -= needed
    while room and number < len(histories) and histories[number].readers[0] == by:
        places[histories[number].key] = Place()
        number += 1
        room -= 1
    waiting = {key: place for key, place in begun.items() if key not in places}
    return Turn(by, {key: by_key[key] for key in places}, places, number, waiting)


def commands(turn: Turn, most: int = MOST_COMMANDS) -> dict[str, Command]:
    """The commands of a turn: every chat its next page, and what room is left goes to the longest ones."""
    probed = [key for key, place in turn.places.items() if _is_probed(place)]
    spare = most - len(turn.places) - len(probed)
    pages = dict.fromkeys(turn.places, 1)
    left = {key: math.ceil(max(0, one.messages - turn.places[key].seen) / PAGE) for key, one in turn.chosen.items()}
    for key in sorted(left, key=lambda one: -left[one]):
        extra = min(spare, max(0, left[key] - 1))
        pages[key] += extra
        spare -= extra
    found: dict[str, Command] = {}
    for key, history in turn.chosen.items():
        last: Json = turn.places[key].last
        for number in range(pages[key]):
            found[page_key(key, number)] = _ask(history, turn.by, last)
            last = f"$result[{page_key(key, number)}][messages][{PAGE - 1}][id]"
    return found | {probe_key(key): _ask(turn.chosen[key], turn.by, turn.places[key].second) for key in probed}


def page_key(key: str, number: int) -> str:
    """Key of the n-th chained page of a chat."""
    return f"m{key}_{number:02d}"


def probe_key(key: str) -> str:
    """Key of the page that proves the end of a chat."""
    return f"e{key}"


def messages_of(results: Mapping[str, Json], key: str, before: int | None) -> list[JsonObject]:
    """The messages of one chat that are older than ``before``, newest first, each once, as far as they can be trusted.

    A page that is not exactly full makes the pages chained to it worthless. Raises RetryLater for what is no page.
    """
    found: dict[int, JsonObject] = {}
    for page in [*_chained(results, key), *([_page(results[probe_key(key)])] if probe_key(key) in results else [])]:
        found |= {int(one["id"]): one for one in page if before is None or int(one["id"]) < before}
    return [found[one] for one in sorted(found, reverse=True)]


def files_of(results: Mapping[str, Json], key: str) -> dict[str, JsonObject]:
    """What the answers say of the files of one chat, by file id."""
    keys = [probe_key(key)]
    while page_key(key, len(keys) - 1) in results:
        keys.append(page_key(key, len(keys) - 1))
    files = [one for name in keys for one in as_list(as_map(results.get(name)).get("files"))]
    return {str(one["id"]): one for one in files if isinstance(one, dict) and "id" in one}


def files_named(message: JsonObject) -> list[str]:
    """Ids of the files that a message names; a single one may come without its list."""
    named = as_map(message.get("params")).get("FILE_ID")
    return [str(one) for one in as_list(named) or [named] if str(one).isdecimal()]


def advance(turn: Turn, answer: BatchAnswer) -> tuple[dict[str, Place], list[str]]:
    """(the chats that are not over, with their new places; the keys of those that none of their readers may see).

    A chat whose page failed for a passing reason stays where it was. Raises that error when no chat moved at all.
    """
    places, unreadable = dict(turn.waiting), []
    trouble = [error for error in answer.errors.values() if not isinstance(error, EntityStopped)]
    moved = False
    for key, history in turn.chosen.items():
        place, error = turn.places[key], answer.errors.get(page_key(key, 0)) or answer.errors.get(probe_key(key))
        if error is not None and not isinstance(error, EntityStopped):
            places[key] = place
            continue
        moved = True
        if error is None:
            following = _moved(place, answer.results, key)
            if following is not None:
                places[key] = following
        elif error.reason.code == "source.method_missing":
            raise error
        elif place.reader + 1 < len(history.readers):
            places[key] = Place(place.last, place.second, place.reader + 1, place.seen, place.ending)
        else:
            unreadable.append(key)
    if trouble and not moved:
        raise trouble[0]
    return places, unreadable


def following(turn: Turn, places: Mapping[str, Place], total: int) -> JsonObject | None:
    """The part of the next cursor that ``choose`` reads, or None when every chat is over."""
    if not places and turn.next >= total:
        return None
    return {"next": turn.next, "open": {key: place.dump() for key, place in places.items()}}


def _moved(place: Place, results: Mapping[str, Json], key: str) -> Place | None:
    """Where a chat is now; None when it is over."""
    ids = [int(one["id"]) for one in messages_of(results, key, place.last)]
    if ids:
        second = ids[-2] if len(ids) > 1 else place.last
        ending = len(_chained(results, key)[-1]) != PAGE
        return Place(ids[-1], second, place.reader, place.seen + len(ids), ending)
    if place.second is None or _is_probed(place):
        return None
    return Place(place.last, place.second, place.reader, place.seen, ending=True)


def _is_probed(place: Place) -> bool:
    return place.ending and place.second is not None


def _reader(history: History, place: Place) -> str:
    return history.readers[min(place.reader, len(history.readers) - 1)]


def _ask(history: History, by: str, last: Json) -> Command:
    parameters: JsonObject = {"DIALOG_ID": history.dialogs.get(by, history.dialog), "LIMIT": PAGE}
    return METHOD, parameters if last is None else {**parameters, "LAST_ID": last}


def _chained(results: Mapping[str, Json], key: str) -> list[list[JsonObject]]:
    pages: list[list[JsonObject]] = []
    while (name := page_key(key, len(pages))) in results:
        pages.append(_page(results[name]))
        if len(pages[-1]) != PAGE:
            break
    return pages


def _page(result: Json) -> list[JsonObject]:
    messages = [] if result == [] else as_map(result).get("messages")  # an empty object
    if not isinstance(messages, list | dict):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: a page that is no list")
    rows = as_list(messages)
    if not all(isinstance(one, dict) and str(one.get("id")).isdecimal() for one in rows):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: a message without an id")
    return rows
