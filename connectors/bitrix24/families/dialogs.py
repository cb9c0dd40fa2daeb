"""Which chats there are: ``dialog``, as each webhook's list and the records that have a chat show it (API facts §4.5).

A chat is seen by its participants only, so every webhook's list is read. Chats that are bound to a work group or a CRM
record are asked for by that record too, since a webhook may read one without taking part in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.following import chunk
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

SCOPE = "im"
_RECENT = "im.recent.list"
_BOUND = "im.chat.get"
_PAGE = 200
_STEP = 190
"""Less than a page: a dialog that leaves the list while it is read moves the others up."""

BOUND: dict[str, Callable[[str], tuple[str, str]]] = {
    "group": lambda source_id: ("SONET_GROUP", source_id),
    "company": lambda source_id: ("CRM", f"COMPANY|{source_id}"),
    "contact": lambda source_id: ("CRM", f"CONTACT|{source_id}"),
    "deal": lambda source_id: ("CRM", f"DEAL|{source_id}"),
    "smart_process_item": lambda source_id: ("CRM", "DYNAMIC_{}|{}".format(*source_id.split(":"))),
}
"""By entity whose records may have a chat: (ENTITY_TYPE, ENTITY_ID) of it."""


@dataclass(slots=True)
class DialogReader:
    """A range for the list of each webhook, and one for each page of records that may have a chat. See ``Reader``.

    Rows are ``{"chat_id", "dialog", "user", "private", "item"}``: ``user`` is whose webhook showed it, ``dialog`` what
    he calls it. Their id is ``{user}:{chat_id}``, or the record's (``deal:15``). Private ones are listed only for a run
    with ``private_chats``.
    """

    webhooks: Webhooks

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """See ``DialogReader``."""
        lists: list[JsonObject] = [{"user": one.user, "offset": 0} for one in await self.webhooks.with_scope(SCOPE)]
        bound = [{"of": name, "page": page} for name in BOUND for page in await extracted.pages(name)]
        return Cut((*lists, *bound))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """A page of one webhook's list, or the chats of 50 records."""
        if "page" in cursor:
            return await self._of_records(cursor, extracted)
        webhook = await self.webhooks.of_user(str(cursor["user"]), SCOPE)
        if webhook is None:
            raise EntityStopped("source.denied", f"the webhook of user {cursor['user']} is not configured any more")
        offset = int(cursor["offset"])
        skip = {} if extracted.options.private_chats else {"SKIP_DIALOG": "Y"}
        asked: JsonObject = {"OFFSET": offset, "LIMIT": _PAGE, "SKIP_OPENLINES": "Y", **skip}
        answer = await webhook.transport.call(_RECENT, asked)
        known = {"known": cursor.get("known") or [], "private_chats": extracted.options.private_chats}
        raw = (note(known), archived(webhook.user, answer.raw))
        rows = self.rows(raw)
        result = as_map(answer.result)
        goes_on = bool(as_list(result.get("items"))) and True in (result.get("hasMore"), result.get("hasMorePages"))
        following = {**cursor, "offset": offset + _STEP, "known": [row.id for row in rows]} if goes_on else None
        return SourcePage(rows, raw, following, 1)

    async def _of_records(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        records = await extracted.rows(cursor["page"])
        chosen, following = chunk(cursor, len(records), MOST_COMMANDS)
        webhook = await self.webhooks.first(SCOPE)
        keys = {f"c{number:02d}": record.id for number, record in enumerate(records[chosen])}
        asked: dict[str, Command] = {}
        for key, source_id in keys.items():
            kind, entity_id = BOUND[cursor["of"]](source_id)
            asked[key] = (_BOUND, {"ENTITY_TYPE": kind, "ENTITY_ID": entity_id})
        answer = await webhook.transport.batch(asked)
        for error in answer.errors.values():
            if not isinstance(error, EntityStopped):
                raise error
        of = {"of": {key: f"{cursor['of']}:{source_id}" for key, source_id in keys.items()}}
        raw = (note(of), archived(webhook.user, answer.raw))
        return SourcePage(self.rows(raw), raw, following, 1)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """See ``DialogReader``. The rows of a list overlap with those of the page before."""
        facts = noted(raw)
        rows: dict[str, JsonObject] = {}
        for one in told(raw):
            if "of" in facts:
                results = batch_results(one.answer)
                rows |= {name: _bound(results.get(key), one.by) for key, name in facts["of"].items()}
            else:
                items = as_list(as_map(as_map(one.answer).get("result")).get("items"))
                found = [_listed(item, one.by) for item in items if isinstance(item, dict)]
                wanted = [row for row in found if facts.get("private_chats") or not row["private"]]
                rows |= {f"{one.by}:{row['chat_id']}": row for row in wanted}
        left_out = as_list(facts.get("known"))
        return tuple(SourceRecord(name, row) for name, row in rows.items() if row["chat_id"] and name not in left_out)


def _listed(item: JsonObject, user: str) -> JsonObject:
    """A list's item: ``id`` is a user's number for a private dialog, else ``chat17``."""
    dialog = str(item.get("id"))
    private = not dialog.startswith("chat")
    chat_id = str(item.get("chat_id") or "") if private else dialog.removeprefix("chat")
    return {"chat_id": chat_id, "dialog": dialog, "user": user, "private": private, "item": item}


def _bound(chat: Json, user: str) -> JsonObject:
    """``im.chat.get``: null when there is none to be seen."""
    chat_id = str(as_map(chat).get("ID") or "")
    return {"chat_id": chat_id, "dialog": f"chat{chat_id}", "user": user, "private": False, "item": None}
