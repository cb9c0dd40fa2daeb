"""How many chats and messages there are, as far as the chat lists of the webhooks' users tell (API facts §4.5)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connectors.bitrix24.families.dialogs import SCOPE
from connectors.bitrix24.surveying.counting import not_asked, number_of
from connectors.bitrix24.surveying.effort import Effort, batches, by_batches
from connectors.bitrix24.surveying.patience import asked_twice
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import PortageError
from shared.model.json import as_list, as_map
from shared.ports.surveys import EntitySize

MESSENGER = ("dialog", "chat", "chat_message")
_LIST, _CHAT = "im.recent.list", "im.dialog.get"
_PAGE, _STEP, _MOST_PAGES = 200, 190, 5
_CHATS_AT_ONCE = 25
_MESSAGES_AT_ONCE = 50 * MOST_COMMANDS


@dataclass(frozen=True, slots=True)
class ChatLook:
    """``listed`` are the chats in each user's list; ``more`` says that a list goes on beyond them.

    ``messages`` are those of a few chats: (chats, messages in them).
    """

    listed: Mapping[str, Sequence[str]]
    more: bool = False
    messages: tuple[int, int] = (0, 0)
    problem: str | None = None


async def look_at_chats(webhooks: Webhooks) -> ChatLook:
    """Up to five calls for each webhook, and one for the sizes of chats. Nothing is raised."""
    try:
        readers = await webhooks.with_scope(SCOPE)
        lists = await asyncio.gather(*(_listed(webhook) for webhook in readers))
        listed = {reader.user: chats for reader, (chats, _) in zip(readers, lists, strict=True)}
        measured = await asyncio.gather(*(_measured(reader, listed[reader.user]) for reader in readers))
    except PortageError as error:
        return ChatLook({}, problem=not_asked(error))
    sizes = {chat: size for one in measured for chat, size in one.items()}
    return ChatLook(listed, any(more for _, more in lists), (len(sizes), sum(sizes.values())))


async def _listed(webhook: Webhook) -> tuple[list[str], bool]:
    """(dialog ids of a user's group chats, whether there are more)."""
    found: dict[str, None] = {}
    for page in range(_MOST_PAGES):
        asked = {"OFFSET": page * _STEP, "LIMIT": _PAGE, "SKIP_OPENLINES": "Y", "SKIP_DIALOG": "Y"}
        result = as_map((await asked_twice(partial(webhook.transport.call, _LIST, asked))).result)
        items = as_list(result.get("items"))
        found |= dict.fromkeys(one for item in items if (one := str(as_map(item).get("id"))).startswith("chat"))
        if not items or True not in (result.get("hasMore"), result.get("hasMorePages")):
            return list(found), False
    return list(found), True


async def _measured(webhook: Webhook, dialogs: Sequence[str]) -> dict[str, int]:
    """How many messages some of the chats hold."""
    asked: dict[str, Command] = {one: (_CHAT, {"DIALOG_ID": one}) for one in dialogs[:MOST_COMMANDS]}
    if not asked:
        return {}
    answer = await asked_twice(lambda: webhook.transport.batch(asked))
    told = {one: number_of(as_map(result).get("message_count")) for one, result in answer.results.items()}
    return {one: size for one, size in told.items() if size is not None}


def chat_sizes(look: ChatLook, with_chats: Sequence[int]) -> dict[str, EntitySize]:
    """``with_chats`` are the counts of records that may have a chat and are read in the same run."""
    if look.problem is not None:
        return {name: EntitySize(name, note=look.problem) for name in MESSENGER}
    lists = Effort(*[sum(batches(len(chats), _STEP, least=1) for chats in look.listed.values())] * 3)
    dialogs = sum((by_batches(count) for count in with_chats), lists)
    if look.more:
        reason = "the list of chats goes on: known only by reading"
        return {"dialog": EntitySize("dialog", note=reason), **_unknown(reason)}
    chats = len({chat for chats in look.listed.values() for chat in chats})
    measured, messages = look.messages
    total = round(chats * messages / measured) if measured else 0 if not chats else None
    bound = " and chats of records that nobody has in his list" if with_chats else ""
    left_out = f"without private chats{bound}"
    calls = batches(chats, _CHATS_AT_ONCE)
    turns = None if total is None else batches(chats, MOST_COMMANDS) + batches(total, _MESSAGES_AT_ONCE)
    note = "known only by reading" if total is None else f"extrapolated from {measured} chats; {left_out}"
    listed = sum(map(len, look.listed.values()))
    return {
        "dialog": EntitySize("dialog", listed, left_out, bool(bound), dialogs.calls, dialogs.reads),
        "chat": EntitySize("chat", chats, left_out, bool(bound), calls, calls),
        "chat_message": EntitySize("chat_message", total, note, total is not None, turns, turns),
    }


def _unknown(reason: str) -> dict[str, EntitySize]:
    return {name: EntitySize(name, note=reason) for name in ("chat", "chat_message")}
