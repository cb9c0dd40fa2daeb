"""Chats, messages and people as the messenger shows them (API facts §4.5)."""

from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.chats.dialogs import OPEN, PRIVATE, TASK, Chat, Message
from lab.simulators.bitrix24.disk import cards
from lab.simulators.bitrix24.disk.data import Disk
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles

_COLOUR = "#4ba984"
_LETTERS = {PRIVATE: "P", OPEN: "O", TASK: "X"}
_LINKS = {
    "CRM": "/crm/deal/details/{0}/",
    "TASKS_TASK": "/tasks/task/view/{0}/",
    "SONET_GROUP": "/workgroups/group/{0}/",
}
_PERMISSIONS = {
    "manage_users_add": "member",
    "manage_users_delete": "manager",
    "manage_ui": "member",
    "manage_settings": "owner",
    "manage_messages": "member",
    "can_post": "member",
}
_RESTRICTIONS = ("avatar", "rename", "extend", "call", "mute", "leave", "leave_owner", "send", "user_list")


def dialog(circles: Circles, chat: Chat, user: int = 0) -> Row:
    """``im.dialog.get``: numbers are numbers, and an empty map is an array."""
    last = chat.messages[-1].id if chat.messages else 0
    return _chat(chat, title(circles, chat, user)) | {
        "description": "",
        "counter": 0,
        "message_count": len(chat.messages),
        "unread_id": 0,
        "last_message_id": last,
        "last_id": last,
        "marked_id": 0,
        "disk_folder_id": chat.id + 5000 if any(one.files for one in chat.messages[:50]) else 0,
        "is_new": False,
        "readed_list": [],
        "last_message_views": {"message_id": last, "first_viewers": [], "count_of_viewers": 0},
        "role": _role(chat, user),
        "dialog_id": dialog_id(chat, user),
    }


def recent(circles: Circles, chat: Chat, user: int) -> Row:
    """One item of the list of dialogs: ``id`` is a number for a private one and a text for the others."""
    last = chat.messages[-1] if chat.messages else None
    date = stamps.written(last.made) if last else stamps.written(chat.created)
    private = chat.type == PRIVATE
    other = _other(chat, user)
    shown: Row = {
        "id": other if private else f"chat{chat.id}",
        "chat_id": chat.id,
        "type": "user" if private else "chat",
        "avatar": {"url": _avatar(chat), "color": _COLOUR},
        "title": title(circles, chat, user),
        "message": _last(last),
        "counter": 0,
        "last_id": last.id if last else 0,
        "pinned": False,
        "unread": False,
        "has_reminder": False,
        "date_update": date,
        "date_last_activity": date,
        "user": person(circles, other if private else last.author if last else 0) or {"id": 0},
        "options": [],
    }
    small: Row = {"text_field_enabled": True, "background_id": None, "mute_list": []}
    return shown | {"chat": small if private else _chat(chat, chat.title) | {"role": _role(chat, user).upper()}}


def message(chat: Chat, one: Message, *, unread: bool = False) -> Row:
    """``params`` is an empty array when there are none."""
    params: Row = dict(one.params)
    if one.files:
        params["FILE_ID"] = [file.id for file in one.files]
    return {
        "id": one.id,
        "chat_id": chat.id,
        "author_id": one.author,
        "date": stamps.written(one.made),
        "text": one.text,
        "unread": unread,
        "uuid": _uuid(one),
        "replaces": [],
        "params": params or [],
        "disappearing_date": None,
    }


def files(disk: Disk, circles: Circles, chat: Chat, shown: list[Message]) -> list[Row]:
    """The files of some messages."""
    return [
        cards.card(disk, file, circles)
        | {"chatId": chat.id, "extension": file.extension, "status": "done", "progress": 100}
        | {"viewerAttrs": {"objectId": str(file.id), "imChatId": chat.id, "title": file.name}}
        for one in shown
        for file in one.files
    ]


def person(circles: Circles, user: int) -> Row | None:
    """Many fields are false for nothing. None for the system and for who was deleted."""
    row = circles.row(user)
    if row is None:
        return None
    mobile = row["PERSONAL_MOBILE"]
    return {
        "id": user,
        "active": row["ACTIVE"],
        "name": circles.name(user),
        "first_name": row["NAME"],
        "last_name": row["LAST_NAME"],
        "work_position": row["WORK_POSITION"],
        "color": _COLOUR,
        "avatar": row.get("PERSONAL_PHOTO", ""),
        "avatar_hr": row.get("PERSONAL_PHOTO", ""),
        "gender": row["PERSONAL_GENDER"] or "M",
        "birthday": "",
        "extranet": row["USER_TYPE"] == "extranet",
        "network": False,
        "bot": False,
        "connector": False,
        "external_auth_id": "default",
        "status": "online",
        "idle": False,
        "last_activity_date": row["LAST_LOGIN"] or False,
        "mobile_last_date": False,
        "desktop_last_date": False,
        "absent": False,
        "departments": row["UF_DEPARTMENT"] or [],
        "phones": {"personal_mobile": mobile} if mobile else False,
        "bot_data": None,
        "type": "user",
        "website": "",
        "email": row["EMAIL"],
    }


def title(circles: Circles, chat: Chat, user: int) -> str:
    """A private chat is called after the other one."""
    return circles.name(_other(chat, user)) if chat.type == PRIVATE else chat.title


def dialog_id(chat: Chat, user: int) -> str:
    """What the caller would ask for it with."""
    return str(_other(chat, user)) if chat.type == PRIVATE and user in chat.members else f"chat{chat.id}"


def _chat(chat: Chat, name: str) -> Row:
    kind, entity = chat.entity
    link = {"type": kind, "url": _LINKS[kind].format(entity.rpartition("|")[2]), "id": entity} if kind else None
    return {
        "id": chat.id,
        "parent_chat_id": 0,
        "parent_message_id": 0,
        "name": name,
        "owner": chat.owner,
        "extranet": False,
        "contains_collaber": False,
        "avatar": _avatar(chat),
        "color": _COLOUR,
        "type": chat.type,
        "entity_type": kind,
        "entity_id": entity,
        "entity_data_1": "",
        "entity_data_2": "",
        "entity_data_3": "",
        "mute_list": {str(chat.owner): True} if chat.id % 6 == 0 else [],
        "manager_list": [chat.owner] if chat.owner in chat.members else [],
        "date_create": stamps.written(chat.created),
        "message_type": _LETTERS.get(chat.type, "C"),
        "user_counter": len(chat.members),
        "restrictions": {**dict.fromkeys(_RESTRICTIONS, True), "path": "", "path_title": ""},
        "text_field_enabled": True,
        "background_id": None,
        "entity_link": link or {"type": "", "url": "", "id": ""},
        "permissions": _PERMISSIONS,
        "public": "",
    }


def _avatar(chat: Chat) -> str:
    return f"https://cdn.example.com/chat/{chat.id}.png" if chat.id % 4 == 0 and chat.type != PRIVATE else ""


def _role(chat: Chat, user: int) -> str:
    return "owner" if user == chat.owner else "member" if user in chat.members else "guest"


def _other(chat: Chat, user: int) -> int:
    return next((one for one in sorted(chat.members) if one != user), user)


def _last(one: Message | None) -> Row:
    if one is None:
        return {"id": 0, "text": "", "file": False, "author_id": 0, "attach": False, "sticker": None, "date": None}
    file: Any = {"type": "file", "name": one.files[0].name} if one.files else False
    return {
        "id": one.id,
        "text": one.text,
        "file": file,
        "author_id": one.author,
        "attach": False,
        "sticker": None,
        "date": stamps.written(one.made),
        "status": "received",
        "uuid": _uuid(one),
    }


def _uuid(one: Message) -> str | None:
    return f"0c42a08f-4235-49fc-994f-{one.id:012x}" if one.author else None
