"""``chat``: every chat once, with its members and with the users whose webhooks may read it (API facts §4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import seen_by
from connectors.bitrix24.families.dialogs import SCOPE
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.following import chunk, ranges_by_parents
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_AT_ONCE = MOST_COMMANDS // 2
_CHAT, _MEMBERS = "im.dialog.get", "im.chat.user.list"

Seen = dict[str, JsonObject]
"""By chat id: ``{"page": where it is first shown, "dialogs": {user: his name for it}, "item": of a list}``."""


@dataclass(slots=True)
class ChatReader:
    """A range for each page of dialogs; a chat is read with the first page that shows it. See ``Reader``.

    Rows are the answer of ``im.dialog.get`` with ``members`` (user ids), ``dialogs`` (by user: what he calls it) and
    ``item`` (a list's own view of it). A chat that nobody may open any more is lost.
    """

    webhooks: Webhooks
    _seen: tuple[tuple[str, ...], Seen] = field(default=((), {}))

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``ChatReader``."""
        return await ranges_by_parents(extracted, "dialog")

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Up to 25 chats, asked for through each webhook that shows them until one may open them."""
        page = cursor["page"]
        mine = {chat_id: one for chat_id, one in (await self._all(extracted)).items() if one["page"] == page}
        chosen, following = chunk(cursor, len(mine), _AT_ONCE)
        chats = dict(list(mine.items())[chosen])
        raw = [note({"chats": {chat_id: {**one, "page": None} for chat_id, one in chats.items()}})]
        closed: list[Lost] = []
        waiting = {chat_id: list(one["dialogs"].items()) for chat_id, one in chats.items()}
        while waiting:
            user = next(iter(waiting.values()))[0][0]
            asked = {chat_id: left[0][1] for chat_id, left in waiting.items() if left[0][0] == user}
            answer, refused = await self._ask(user, asked)
            if answer:
                raw.append(archived(user, answer))
            for chat_id in asked:
                left = waiting.pop(chat_id)[1:]
                if chat_id in refused and left:
                    waiting[chat_id] = left
                elif chat_id in refused:
                    closed.append(Lost(chat_id, "source.denied", "no webhook may open this chat"))
        rows = self.rows(raw)
        coverage = seen_by(row.data["dialogs"] for row in rows)
        return SourcePage(rows, tuple(raw), following, len(raw) - 1, tuple(closed), coverage)

    async def _ask(self, user: str, dialogs: Mapping[str, str]) -> tuple[bytes, set[str]]:
        """(the raw answer, the chats that this user may not open)."""
        webhook = await self.webhooks.of_user(user, SCOPE)
        if webhook is None:
            return b"", set(dialogs)
        asked: dict[str, Command] = {}
        for chat_id, dialog in dialogs.items():
            asked[f"c{chat_id}"] = (_CHAT, {"DIALOG_ID": dialog})
            asked[f"u{chat_id}"] = (_MEMBERS, {"CHAT_ID": chat_id})
        answer = await webhook.transport.batch(asked)
        for error in answer.errors.values():
            if not isinstance(error, EntityStopped) or error.reason.code == "source.method_missing":
                raise error
        return answer.raw, {chat_id for chat_id in dialogs if f"c{chat_id}" in answer.errors}

    async def _all(self, extracted: Extracted) -> Seen:
        """All chats that any dialog leads to; kept, since what a run has extracted does not change."""
        pages = await extracted.pages("dialog")
        if self._seen[0] != pages:
            seen: Seen = {}
            for page in pages:
                for row in await extracted.rows(page):
                    one = seen.setdefault(row.data["chat_id"], {"page": page, "dialogs": {}, "item": None})
                    one["dialogs"].setdefault(row.data["user"], row.data["dialog"])
                    one["item"] = one["item"] or row.data["item"]
            self._seen = (pages, seen)
        return self._seen[1]

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``ChatReader``."""
        results: dict[str, Json] = {}
        for one in told(raw):
            results |= batch_results(one.answer)
        return tuple(
            SourceRecord(
                chat_id,
                {
                    **as_map(results[f"c{chat_id}"]),
                    "members": as_list(results.get(f"u{chat_id}")),
                    "dialogs": one["dialogs"],
                    "item": one["item"],
                },
            )
            for chat_id, one in as_map(noted(raw).get("chats")).items()
            if f"c{chat_id}" in results
        )
