"""Which chats there are: ``dialog``, as each webhook's list and the records that have a chat show it (API facts §4.5).

A chat is seen by its participants only, so every webhook's list is read. Chats that are bound to a work group or a CRM
record are asked for by that record too, since a webhook may read one without taking part in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.news import latest, news_of
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.rounds import rounds
from connectors.bitrix24.readers.unchanged import Unchanged
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

SCOPE = "im"
_RECENT = "im.recent.list"
_BOUND = "im.chat.get"
_PAGE = 200
_STEP = 190
"""Less than a page: a dialog that leaves the list while it is read moves the others up."""

_MOST_LISTS = 5
"""Pages of a list in one read."""

_MOST_RECORDS = 1000
"""Records of one read."""

BOUND: dict[str, Callable[[str], tuple[str, str]]] = {
    "group": lambda source_id: ("SONET_GROUP", source_id),
    "company": lambda source_id: ("CRM", f"COMPANY|{source_id}"),
    "contact": lambda source_id: ("CRM", f"CONTACT|{source_id}"),
    "deal": lambda source_id: ("CRM", f"DEAL|{source_id}"),
    "smart_process_item": lambda source_id: ("CRM", "DYNAMIC_{}|{}".format(*source_id.split(":"))),
}
"""By entity whose records may have a chat: (ENTITY_TYPE, ENTITY_ID) of it."""


@dataclass(slots=True)
class _Bound:
    """What one read found out about records. ``of`` names the record that each command asked about.

    ``missing`` holds why the portal does not offer the method, if it does not.
    """

    raw: list[bytes] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    missing: list[EntityStopped] = field(default_factory=list)


@dataclass(slots=True)
class _Listed:
    """The pages of a list that one read brought, and where the list goes on, if it does."""

    offset: int
    raw: list[bytes] = field(default_factory=list)
    goes_on: bool = True


@dataclass(slots=True)
class DialogReader:
    """A range for the list of each webhook, and one for each page of records that may have a chat. See ``Reader``.

    Rows are ``{"chat_id", "dialog", "user", "private", "item"}``: ``user`` is whose webhook showed it, ``dialog`` what
    he calls it. Their id is ``{user}:{chat_id}``, or the record's (``deal:15``). Private ones are listed only for a run
    with ``private_chats``.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _unchanged: Unchanged = field(default_factory=lambda: Unchanged("chat"))

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``DialogReader``. Where only changes are wanted, lists say ``since`` when (Unix seconds).

        Chats that lists do not show may then have news, too, though the records that they are bound to did not change:
        those that are known are asked for their last message.
        """
        since = extracted.since("dialog")
        more: JsonObject = {} if since is None else {"since": int(since.timestamp())}
        lists = [{"user": one.user, "offset": 0, **more} for one in await self.webhooks.with_scope(SCOPE)]
        bound = [{"of": name, "page": page} for name in BOUND for page in await extracted.pages(name)]
        if since is None:
            records = [(name, Unchanged(name)) for name in BOUND]
            bound += [{"of": name, "page": page} for name, one in records for page in await one.of(extracted)]
        quiet = [{"quiet": page, **more} for page in (await self._unchanged.of(extracted) if more else ())]
        return Cut((*lists, *bound, *quiet))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Some pages of one webhook's list, or the chats of some records."""
        if "page" in cursor:
            return await self._of_records(cursor, extracted)
        if "quiet" in cursor:
            return await self._of_known(cursor, extracted)
        webhook = await self.webhooks.of_user(str(cursor["user"]), SCOPE)
        if webhook is None:
            raise EntityStopped("source.denied", f"the webhook of user {cursor['user']} is not configured any more")
        private = extracted.options.private_chats
        asked: JsonObject = {"LIMIT": _PAGE, "SKIP_OPENLINES": "Y", **({} if private else {"SKIP_DIALOG": "Y"})}
        found = _Listed(int(cursor["offset"]))
        offsets = range(found.offset, found.offset + _MOST_LISTS * _STEP, _STEP)
        await rounds(offsets, lambda: 1, lambda some: _list(webhook, {**asked, "OFFSET": some[0]}, found))
        facts: JsonObject = {"private_chats": private, "since": cursor.get("since")}
        raw = (note({"known": cursor.get("known") or [], **facts}), *found.raw)
        last = self.rows((note({"private_chats": private}), found.raw[-1]))
        following = {**cursor, "offset": found.offset, "known": [row.id for row in last]} if found.goes_on else None
        return SourcePage(self.rows(raw), raw, following, len(found.raw))

    async def _of_known(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Known chats that no list shows, as far as they have messages since then."""
        rows = await self._unchanged.rows(extracted, str(cursor["quiet"]))
        dialogs = {row.id: as_map(row.data.get("dialogs")) for row in rows if row.data.get("item") is None}
        by_user: dict[str, dict[str, str]] = {}
        for chat_id, users in dialogs.items():
            for user, dialog in users.items():
                by_user.setdefault(user, {})[chat_id] = str(dialog)
        raw: list[bytes] = []
        for user, known in by_user.items():
            if (webhook := await self.webhooks.of_user(user, SCOPE)) is not None:
                asked = {f"n{chat_id}": latest(dialog) for chat_id, dialog in known.items()}
                raw += (await attempt(webhook, asked, self._pacing)).raw
        told_of = (note({"news_since": cursor["since"]}), *raw)
        return SourcePage(self.rows(told_of), told_of, None, len(raw))

    async def _of_records(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """A record whose chat is refused is counted. A portal that finds no chats by records loses all of them."""
        kind, start = str(cursor["of"]), int(cursor.get("start", 0))
        records = [record.id for record in await extracted.rows(cursor["page"])]
        webhook = await self.webhooks.first(SCOPE)
        found = _Bound()
        taken = await rounds(
            records[start : start + _MOST_RECORDS],
            lambda: self._pacing.most,
            lambda some: self._ask(webhook, kind, some, found),
        )
        raw = (note({"of": found.of}), *found.raw)
        goes_on = start + taken < len(records) and not found.missing
        following = {**cursor, "start": start + taken} if goes_on else None
        lost = tuple(Lost(f"{kind}-chats", error.reason.code, error.message) for error in found.missing)
        coverage = {"bound_refused": found.refused}
        return SourcePage(self.rows(raw), raw, following, len(found.raw), lost, coverage)

    async def _ask(self, webhook: Webhook, kind: str, records: Sequence[str], found: _Bound) -> None:
        if found.missing:
            return
        commands: dict[str, Command] = {}
        keys = {f"c{len(found.of) + index:03d}": source_id for index, source_id in enumerate(records)}
        for key, source_id in keys.items():
            entity_type, entity_id = BOUND[kind](source_id)
            commands[key] = (_BOUND, {"ENTITY_TYPE": entity_type, "ENTITY_ID": entity_id})
        asked = await attempt(webhook, commands, self._pacing)
        refusals = asked.refused.values()
        found.missing = [one for one in refusals if one.reason.code == "source.method_missing"][:1]
        found.refused += len(refusals)
        found.of |= {key: f"{kind}:{source_id}" for key, source_id in keys.items()}
        found.raw += asked.raw

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``DialogReader``. The rows of a list overlap with those of the page before."""
        facts = noted(raw)
        rows: dict[str, JsonObject] = {}
        for one in told(raw):
            if "news_since" in facts:
                found = news_of(batch_results(one.answer), facts["news_since"])
                rows |= {f"{one.by}:{key[1:]}": _bound({"ID": key[1:]}, one.by) for key in found}
            elif "of" in facts:
                results = batch_results(one.answer)
                rows |= {facts["of"][key]: _bound(chat, one.by) for key, chat in results.items()}
            else:
                items = as_list(as_map(as_map(one.answer).get("result")).get("items"))
                shown = [_listed(item, one.by) for item in items if isinstance(item, dict)]
                allowed = [row for row in shown if facts.get("private_chats") or not row["private"]]
                wanted = [row for row in allowed if _is_active(row["item"], facts.get("since"))]
                rows |= {f"{one.by}:{row['chat_id']}": row for row in wanted}
        left_out = as_list(facts.get("known"))
        return tuple(SourceRecord(name, row) for name, row in rows.items() if row["chat_id"] and name not in left_out)


async def _list(webhook: Webhook, parameters: JsonObject, found: _Listed) -> None:
    """Adds one page of a list that is not over."""
    if not found.goes_on:
        return
    answer = await webhook.transport.call(_RECENT, parameters)
    result = as_map(answer.result)
    found.raw.append(archived(webhook.user, answer.raw))
    found.offset += _STEP
    found.goes_on = bool(as_list(result.get("items"))) and True in (result.get("hasMore"), result.get("hasMorePages"))


def _listed(item: JsonObject, user: str) -> JsonObject:
    """A list's item: ``id`` is a user's number for a private dialog, else ``chat17``, or ``sg5`` for a group's chat."""
    dialog = str(item.get("id"))
    chat_id = dialog.removeprefix("chat") if dialog.startswith("chat") else str(item.get("chat_id") or "")
    return {"chat_id": chat_id, "dialog": dialog, "user": user, "private": dialog.isdecimal(), "item": item}


def _is_active(item: JsonObject, since: Json) -> bool:
    """Whether something happened in a dialog since then; one that does not tell is taken for active."""
    dates = [as_map(item.get("message")).get("date"), item.get("date_update"), item.get("date_last_activity")]
    moments = [moment for moment in map(instant, dates) if moment is not None]
    return since is None or not moments or max(moments) >= int(str(since))


def _bound(chat: Json, user: str) -> JsonObject:
    """``im.chat.get``: null when there is none to be seen."""
    chat_id = str(as_map(chat).get("ID") or "")
    return {"chat_id": chat_id, "dialog": f"chat{chat_id}", "user": user, "private": False, "item": None}
