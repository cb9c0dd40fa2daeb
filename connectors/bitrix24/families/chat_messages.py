"""``chat_message``: every message of the chats that were read, to the oldest (API facts §4.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.families.dialogs import SCOPE
from connectors.bitrix24.raw import archived, note, noted, told
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
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_CLOSED = "no webhook may read the messages of this chat"


@dataclass(slots=True)
class ChatMessageReader:
    """A range for each page of chats. See ``Reader``.

    Rows are messages as the portal gives them, with ``files``: what the answer says of the files they name.
    """

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``ChatMessageReader``."""
        return await ranges_by_parents(extracted, "chat")

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One turn of up to 50 chats. Raises EntityStopped when the webhook that reads them is not there any more.

        A chat of which only a part of the turn came stays where it was, and what came of it is left to the next turn.
        """
        histories = [_history(chat) for chat in await extracted.rows(cursor["page"])]
        turn = choose(histories, cursor)
        if turn is None:
            return SourcePage((), (), None, 0)
        webhook = await self.webhooks.of_user(turn.by, SCOPE)
        if webhook is None:  # nobody else's: a private dialog has the same name for others, and is another one
            raise EntityStopped("source.denied", f"the webhook of user {turn.by} is not configured any more")
        answer = await webhook.transport.batch(commands(turn))
        places, unreadable = advance(turn, answer)
        moved = [key for key, place in turn.places.items() if key not in unreadable and _moved(place, places.get(key))]
        before = {key: turn.places[key].last for key in moved}
        closed = tuple(Lost(f"{key}-messages", "source.denied", _CLOSED) for key in unreadable)
        raw = (note({"before": before}), archived(webhook.user, answer.raw))
        rest = following(turn, places, len(histories))
        return SourcePage(self.rows(raw), raw, rest and {"page": cursor["page"], **rest}, 1, closed)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``ChatMessageReader``."""
        rows: list[SourceRecord] = []
        before = as_map(noted(raw).get("before"))
        for one in told(raw):
            results = batch_results(one.answer)
            for key, last in before.items():
                files = files_of(results, key)
                rows += [_row(message, files) for message in messages_of(results, key, last)]
        return tuple(rows)


def _moved(before: Place, after: Place | None) -> bool:
    """Whether a turn brought a chat on, or to its end; who only changed its reader brought nothing."""
    return after is None or (after != before and after.reader == before.reader)


def _history(chat: SourceRecord) -> History:
    dialogs = {str(user): str(dialog) for user, dialog in as_map(chat.data.get("dialogs")).items()}
    count = chat.data.get("message_count")
    return History(chat.id, f"chat{chat.id}", tuple(dialogs), count if isinstance(count, int) else 0, dialogs)


def _row(message: JsonObject, files: JsonObject) -> SourceRecord:
    named = [str(one) for one in as_list(as_map(message.get("params")).get("FILE_ID"))]
    return SourceRecord(str(message["id"]), {**message, "files": [files[one] for one in named if one in files]})
