"""Chats and their messages, through the eyes of the webhook's user (API facts §4.5)."""

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import integer
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.chats import cards
from lab.simulators.bitrix24.chats.data import Chats
from lab.simulators.bitrix24.chats.dialogs import PRIVATE, Chat, Message
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World

_MOST_DIALOGS, _MOST_MESSAGES, _MESSAGES = 200, 50, 20
_UNREAD_IN = 5  # every chat whose id it divides has more unread messages than asked for


def recent_list(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.recent.list``: every page but the first begins with the last dialog of the page before."""
    found = _mine(world.chats, caller, parameters)
    offset = max(0, integer(parameters, "OFFSET"))
    limit = max(1, min(_MOST_DIALOGS, integer(parameters, "LIMIT", 50)))
    shown = found[max(0, offset - 1) : offset + limit]
    more = offset + limit < len(found)
    items = [cards.recent(world.tasks.circles, chat, caller.user) for chat in shown]
    result = {"items": items, "hasMorePages": more, "hasMore": more, "copilot": None, "messagesAutoDeleteConfigs": []}
    return Reply(result, -1, pages=1)


def recent_get(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.recent.get``: all at once; ``LAST_SYNC_DATE`` narrows it to what happened since."""
    since = stamps.read(pick(parameters, "LAST_SYNC_DATE"))
    found = _mine(world.chats, caller, parameters)
    if since is not None:
        found = [chat for chat in found if chat.messages and chat.messages[-1].made >= since]
    return Reply([cards.recent(world.tasks.circles, chat, caller.user) for chat in found], pages=1)


def dialog(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.dialog.get``."""
    return Reply(cards.dialog(world.tasks.circles, _dialog(world, caller, parameters), caller.user), pages=1)


def by_entity(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.chat.get``: finds the chat of a CRM record, a workgroup, a task; null when there is none to be seen."""
    entity = (str(pick(parameters, "ENTITY_TYPE") or ""), str(pick(parameters, "ENTITY_ID") or ""))
    chat = world.chats.chats.get(world.chats.entities.get(entity, 0))
    if chat is None or not world.chats.readable(chat, caller.user, admin=caller.admin):
        return Reply(None, pages=1)
    return Reply({"ID": chat.id}, pages=1)


def members(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.chat.user.list``: ids; an empty array for a chat that is not for the caller."""
    if pick(parameters, "CHAT_ID") in (None, "", 0):
        raise PortalError("CHAT_ID_EMPTY", "Chat ID can't be empty")
    chat = world.chats.chats.get(integer(parameters, "CHAT_ID"))
    seen = chat is not None and world.chats.readable(chat, caller.user, admin=caller.admin)
    return Reply(sorted(chat.members) if chat is not None and seen else [], pages=1)


def messages(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``im.dialog.messages.get``: newest first. Cursors are exclusive; an id of no message there finds nothing.

    ``FIRST_ID`` gives the oldest of the newer ones, so that a reader who goes on from its highest id misses nothing.
    """
    chat = _dialog(world, caller, parameters)
    limit = max(1, min(_MOST_MESSAGES, integer(parameters, "LIMIT", _MESSAGES)))
    last, first = integer(parameters, "LAST_ID"), integer(parameters, "FIRST_ID")
    unread = 0
    place = chat.place(last or first)
    if last:
        shown = chat.messages[max(0, place - limit) : place] if place is not None else []
    elif first:
        shown = chat.messages[place + 1 : place + 1 + limit] if place is not None else []
    else:
        unread = limit + chat.id % 7 + 1 if chat.id % _UNREAD_IN == 0 else 0
        shown = chat.messages[-max(limit, unread) :]
    shown = shown[::-1]
    known = {one.author for one in shown}
    people = (cards.person(world.tasks.circles, user) for user in sorted(known))
    return Reply(
        {
            "chat_id": chat.id,
            "messages": [
                cards.message(chat, one, unread=at < unread and _by_others(one, caller)) for at, one in enumerate(shown)
            ],
            "users": [one for one in people if one is not None],
            "files": cards.files(world.disk, world.tasks.circles, chat, shown),
        },
        pages=1,
    )


def _mine(chats: Chats, caller: Caller, parameters: Tree) -> list[Chat]:
    skipped = [pick(parameters, name) in ("Y", True, "1", 1) for name in ("SKIP_DIALOG", "SKIP_CHAT")]
    found = [
        chat for chat in chats.chats.values() if caller.user in chat.members and not skipped[int(chat.type != PRIVATE)]
    ]
    return sorted(found, key=lambda chat: chat.active, reverse=True)


def _dialog(world: World, caller: Caller, parameters: Tree) -> Chat:
    name = pick(parameters, "DIALOG_ID")
    if name in (None, "", 0):
        raise PortalError("DIALOG_ID_EMPTY", "Dialog ID can't be empty")
    chat = world.chats.dialog(caller.user, str(name))
    if chat is None or not world.chats.readable(chat, caller.user, admin=caller.admin):
        raise PortalError("ACCESS_ERROR", "You do not have access to the specified dialog", 403)
    return chat


def _by_others(one: Message, caller: Caller) -> bool:
    return one.author not in (0, caller.user)


_WRITES = (
    "im.chat.add im.chat.update im.chat.user.add im.chat.user.delete im.chat.leave im.message.add im.message.update "
    "im.message.delete im.dialog.read im.recent.hide im.disk.file.commit"
)

METHODS: dict[str, Method] = {
    **{name: Method("im", written, reads=False) for name in _WRITES.split()},
    "im.chat.get": Method("im", by_entity),
    "im.chat.user.list": Method("im", members),
    "im.dialog.get": Method("im", dialog),
    "im.dialog.messages.get": Method("im", messages),
    "im.recent.get": Method("im", recent_get),
    "im.recent.list": Method("im", recent_list),
}
