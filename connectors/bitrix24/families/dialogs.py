"""Which chats there are: ``dialog``, as each webhook's list and the records that have a chat show it (API facts §4.5).

A chat is seen by its participants only, so every webhook's list is read. Chats that are bound to a work group or a CRM
record are asked for by that record too, since a webhook may read one without taking part in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.rounds import rounds
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

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``DialogReader``."""
        lists: list[JsonObject] = [{"user": one.user, "offset": 0} for one in await self.webhooks.with_scope(SCOPE)]
        bound = [{"of": name, "page": page} for name in BOUND for page in await extracted.pages(name)]
        return Cut((*lists, *bound))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Some pages of one webhook's list, or the chats of some records."""
        if "page" in cursor:
            return await self._of_records(cursor, extracted)
        webhook = await self.webhooks.of_user(str(cursor["user"]), SCOPE)
        if webhook is None:
            raise EntityStopped("source.denied", f"the webhook of user {cursor['user']} is not configured any more")
        private = extracted.options.private_chats
        asked: JsonObject = {"LIMIT": _PAGE, "SKIP_OPENLINES": "Y", **({} if private else {"SKIP_DIALOG": "Y"})}
        found = _Listed(int(cursor["offset"]))
        offsets = range(found.offset, found.offset + _MOST_LISTS * _STEP, _STEP)
        await rounds(offsets, lambda: 1, lambda some: _list(webhook, {**asked, "OFFSET": some[0]}, found))
        raw = (note({"known": cursor.get("known") or [], "private_chats": private}), *found.raw)
        last = self.rows((note({"private_chats": private}), found.raw[-1]))
        following = {**cursor, "offset": found.offset, "known": [row.id for row in last]} if found.goes_on else None
        return SourcePage(self.rows(raw), raw, following, len(found.raw))

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
            if "of" in facts:
                results = batch_results(one.answer)
                rows |= {facts["of"][key]: _bound(chat, one.by) for key, chat in results.items()}
            else:
                items = as_list(as_map(as_map(one.answer).get("result")).get("items"))
                found = [_listed(item, one.by) for item in items if isinstance(item, dict)]
                wanted = [row for row in found if facts.get("private_chats") or not row["private"]]
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


def _bound(chat: Json, user: str) -> JsonObject:
    """``im.chat.get``: null when there is none to be seen."""
    chat_id = str(as_map(chat).get("ID") or "")
    return {"chat_id": chat_id, "dialog": f"chat{chat_id}", "user": user, "private": False, "item": None}
