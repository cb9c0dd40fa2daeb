"""``chat``: every chat once, with its members and with the users whose webhooks may read it (API facts §4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import number, seen_by
from connectors.bitrix24.families.dialogs import SCOPE
from connectors.bitrix24.raw import note, noted, told
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.details import UNREAD
from connectors.bitrix24.readers.following import ranges_by_parents
from connectors.bitrix24.readers.gathered import Gathered
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.rounds import rounds
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_MOST = 500
"""Chats of one read."""

_CHAT, _MEMBERS = "im.dialog.get", "im.chat.user.list"

Seen = dict[str, JsonObject]
"""By chat id: ``{"page": where it is first shown, "dialogs": {user: his name for it}, "item": of a list}``."""


@dataclass(slots=True)
class _Found:
    """What one read brought so far; ``closed`` are chats that nobody may open."""

    raw: list[bytes] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ChatReader:
    """A range for each page of dialogs; a chat is read with the first page that shows it. See ``Reader``.

    Rows are the answer of ``im.dialog.get`` with ``members`` (user ids), ``dialogs`` (by user: what he calls it) and
    ``item`` (a list's own view of it); one whose members cannot be read says so, as other details do. A chat that
    nobody may open any more is lost.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _shown: Gathered[Seen] = field(default_factory=lambda: Gathered("dialog", dict, _add))

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``ChatReader``."""
        return await ranges_by_parents(extracted, "dialog")

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Some chats, asked for through each webhook that shows them until one may open them."""
        page, start = cursor["page"], int(cursor.get("start", 0))
        mine = [(chat_id, one) for chat_id, one in (await self._shown.of(extracted)).items() if one["page"] == page]
        found = _Found()
        taken = await rounds(
            mine[start : start + _MOST],
            lambda: self._pacing.most // 2,  # two commands for each
            lambda some: self._read_some(dict(some), found),
        )
        following = {**cursor, "start": start + taken} if start + taken < len(mine) else None
        shown = {chat_id: {**one, "page": None} for chat_id, one in mine[start : start + taken]}
        raw = (note({"chats": shown}), *found.raw)
        rows = self.rows(raw)
        lost = tuple(Lost(chat_id, "source.denied", "no webhook may open this chat") for chat_id in found.closed)
        unread = sum(UNREAD in row.data for row in rows)
        coverage = {**seen_by(row.data["dialogs"] for row in rows), "members_unread": unread}
        return SourcePage(rows, raw, following, len(found.raw), lost, coverage)

    async def _read_some(self, chats: Mapping[str, JsonObject], found: _Found) -> None:
        """Adds to ``found`` when all of ``chats`` were answered or refused."""
        raw: list[bytes] = []
        closed: list[str] = []
        waiting = {chat_id: list(one["dialogs"].items()) for chat_id, one in chats.items()}
        while waiting:
            user = next(iter(waiting.values()))[0][0]
            asked = {chat_id: left[0][1] for chat_id, left in waiting.items() if left[0][0] == user}
            answers, refused = await self._ask(user, asked)
            raw += answers
            for chat_id in asked:
                left = waiting.pop(chat_id)[1:]
                if chat_id in refused and left:
                    waiting[chat_id] = left
                elif chat_id in refused:
                    closed.append(chat_id)
        found.raw += raw
        found.closed += closed

    async def _ask(self, user: str, dialogs: Mapping[str, str]) -> tuple[list[bytes], set[str]]:
        """(the raw answers, the chats that this user may not open)."""
        webhook = await self.webhooks.of_user(user, SCOPE)
        if webhook is None:
            return [], set(dialogs)
        commands: dict[str, Command] = {}
        for chat_id, dialog in dialogs.items():
            commands[f"c{chat_id}"] = (_CHAT, {"DIALOG_ID": dialog})
            commands[f"u{chat_id}"] = (_MEMBERS, {"CHAT_ID": chat_id})
        asked = await attempt(webhook, commands, self._pacing)
        for key, error in asked.refused.items():
            if error.reason.code == "source.method_missing" and key.startswith("c"):
                raise error
        return asked.raw, {chat_id for chat_id in dialogs if not as_map(asked.results.get(f"c{chat_id}"))}

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``ChatReader``."""
        results: dict[str, Json] = {}
        for one in told(raw):
            results |= batch_results(one.answer)
        return tuple(
            SourceRecord(
                chat_id,
                {
                    **_chat(results[f"c{chat_id}"], results.get(f"u{chat_id}")),
                    "dialogs": one["dialogs"],
                    "item": one["item"],
                },
            )
            for chat_id, one in as_map(noted(raw).get("chats")).items()
            if as_map(results.get(f"c{chat_id}"))
        )


def _chat(told_of: Json, members: Json) -> JsonObject:
    """A chat and its members. Nobody, where the chat counts some, is what a user without rights is told (§9.1)."""
    chat, known = as_map(told_of), as_list(members)
    unread = {} if known or (members is not None and not number(chat.get("user_counter"))) else {UNREAD: ["members"]}
    return {**chat, "members": known, **unread}


def _add(seen: Seen, dialog: SourceRecord, page: str) -> None:
    row = dialog.data
    one = seen.setdefault(row["chat_id"], {"page": page, "dialogs": {}, "item": None})
    one["dialogs"].setdefault(row["user"], row["dialog"])
    one["item"] = one["item"] or row["item"]
