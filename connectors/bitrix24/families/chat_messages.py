"""``chat_message``: every message of the chats that were read, to the oldest (API facts §4.5)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import number
from connectors.bitrix24.families.dialogs import SCOPE
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.following import ranges_by_parents
from connectors.bitrix24.readers.gathered import Gathered
from connectors.bitrix24.readers.histories import (
    MOST_OF_ONE,
    History,
    Place,
    Turn,
    advance,
    choose,
    commands,
    files_named,
    files_of,
    following,
    messages_of,
)
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.rounds import ENOUGH_SECONDS
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped, RetryLater, SlowDown
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_ENOUGH = 1000
"""Messages of a page after which no further turn begins."""

_CLOSED = "no webhook may read the messages of this chat"


@dataclass(slots=True)
class _Found:
    """What one read brought so far. ``rest`` is where it goes on, None when all chats are over.

    ``before`` says of each turn which chats it brought on, and from which message; ``closed`` nobody may read.
    """

    rest: JsonObject | None
    before: list[JsonObject] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    messages: int = 0


@dataclass(slots=True)
class ChatMessageReader:
    """A range for each page of chats. See ``Reader``.

    Rows are messages as the portal gives them, with ``files``: what the answer says of the files they name.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _known: Gathered[set[str]] = field(default_factory=lambda: Gathered("chat", set, _add, earlier=True, now=False))

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``ChatMessageReader``."""
        return await ranges_by_parents(extracted, "chat")

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Turns of up to 50 chats, until they brought enough for a page.

        A chat of which only a part of a turn came stays where it was, and what came of it is left to the next turn.
        Raises EntityStopped when the webhook that reads a chat is not there any more.
        """
        chats = await extracted.rows(cursor["page"])
        floor = await self._floor(extracted)
        histories = [_history(chat, whole=chat.id not in floor.chats) for chat in chats]
        until = time.monotonic() + ENOUGH_SECONDS
        found = _Found(cursor)
        while found.rest is not None and (not found.raw or (found.messages < _ENOUGH and time.monotonic() < until)):
            try:
                await self._take_turn(histories, found, floor)
            except (RetryLater, SlowDown):
                if not found.raw:
                    raise
                break
        raw = (note({"before": found.before}), *found.raw)
        following = {"page": cursor["page"], **found.rest} if found.rest is not None else None
        lost = tuple(Lost(f"{key}-messages", "source.denied", _CLOSED) for key in found.closed)
        return SourcePage(self.rows(raw), raw, following, len(found.raw), lost)

    async def _floor(self, extracted: Extracted) -> "_Floor":
        since = extracted.since("chat_message")
        if since is None:
            return _Floor()
        return _Floor(int(since.timestamp()), frozenset(await self._known.of(extracted)))

    async def _take_turn(self, histories: Sequence[History], found: _Found, floor: "_Floor") -> None:
        most = max(MOST_OF_ONE, self._pacing.most)
        turn = choose(histories, found.rest or {}, most)
        if turn is None:
            found.rest = None
            return
        webhook = await self.webhooks.of_user(turn.by, SCOPE)
        if webhook is None:  # nobody else's: a private dialog has the same name for others, and is another one
            raise EntityStopped("source.denied", f"the webhook of user {turn.by} is not configured any more")
        answer = await self._pacing.batch(webhook, commands(turn, most))
        places, unreadable = advance(turn, answer)
        moved = [key for key, place in turn.places.items() if key not in unreadable and _moved(place, places.get(key))]
        for key in [key for key in turn.places if key in places and floor.ends(turn, key, answer.results)]:
            del places[key]
        found.before.append({key: turn.places[key].last for key in moved})
        found.raw.append(archived(webhook.user, answer.raw))
        found.closed += unreadable
        found.messages += sum(len(messages_of(answer.results, key, turn.places[key].last)) for key in moved)
        found.rest = following(turn, places, len(histories))

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``ChatMessageReader``."""
        rows: list[SourceRecord] = []
        for one, before in zip(told(raw), as_list(noted(raw).get("before")), strict=True):
            results = batch_results(one.answer)
            for key, last in as_map(before).items():
                files = files_of(results, key)
                rows += [_row(message, files) for message in messages_of(results, key, last)]
        return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Floor:
    """Where reading back ends in ``chats`` that were read before: at messages older than ``since`` (Unix seconds)."""

    since: int | None = None
    chats: frozenset[str] = frozenset()

    def ends(self, turn: Turn, key: str, results: Mapping[str, Json]) -> bool:
        """Whether a turn brought a chat that far."""
        if self.since is None or key not in self.chats:
            return False
        dates = [instant(one.get("date")) for one in messages_of(results, key, turn.places[key].last)]
        return any(date is not None and date < self.since for date in dates)


def _add(known: set[str], chat: SourceRecord, _page: str) -> None:
    known.add(chat.id)


def _moved(before: Place, after: Place | None) -> bool:
    """Whether a turn brought a chat on, or to its end; who only changed its reader brought nothing."""
    return after is None or (after != before and after.reader == before.reader)


def _history(chat: SourceRecord, *, whole: bool) -> History:
    """Of one that is not read ``whole`` nobody knows how much there is to be read."""
    dialogs = {str(user): str(dialog) for user, dialog in as_map(chat.data.get("dialogs")).items()}
    messages = number(chat.data.get("message_count")) if whole else 0
    return History(chat.id, f"chat{chat.id}", tuple(dialogs), messages, dialogs)


def _row(message: JsonObject, files: JsonObject) -> SourceRecord:
    shown = [files[one] for one in files_named(message) if one in files]
    return SourceRecord(str(message["id"]), {**message, "files": shown})
