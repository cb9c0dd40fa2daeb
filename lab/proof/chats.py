"""Chats and messages (API facts §4.5)."""

from lab.proof.record import Record
from lab.proof.sides import Json
from lab.proof.visibility import bound_record

_TYPES = {
    "private": "private",
    "chat": "group",
    "open": "open",
    "crm": "crm",
    "sonetGroup": "workgroup",
    "tasksTask": "tasks",
}


def chat(record: Record, row: Json) -> None:
    """``im.dialog.get`` with the members of ``im.chat.user.list``. A private chat has no title of its own."""
    record.value("type", _TYPES[row["type"]])
    record.line("title", None if row["type"] == "private" else row["name"])
    record.link("owner_id", "user", row["owner"])
    record.links("member_ids", "user", row["members"])
    record.instant("created_at", row["date_create"])
    bound = bound_record(row)
    target = record.proof.resolve(*bound) if bound else None
    record.value("bound_to", {"entity": bound[0], "id": target} if bound and target else None)
    record.result.links += target is not None


def message(record: Record, row: Json) -> None:
    """``im.dialog.messages.get``. Author 0 is the system. Files that were sent in chats are not copied."""
    params = row["params"] or {}
    record.link("chat_id", "chat", row["chat_id"])
    record.link("author_id", "user", row["author_id"], made_up=True)
    record.instant("sent_at", row["date"])
    record.rich("body_html", row["text"], {})
    record.link("reply_to_id", "chat_message", params.get("REPLY_ID"))
    record.media("media_ids", [])
    if params.get("FILE_ID"):
        record.result.count("files left out", len(params["FILE_ID"]))
