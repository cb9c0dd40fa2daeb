"""Comments of a task from the two places where they may be, without doubles (API facts §4.4).

The old card kept them in a forum, the new one keeps them in the task's chat. What had been written in the forum may
have been copied into the chat, with the author and the date it had there.
"""

import html
import unicodedata
from collections.abc import Iterable, Mapping

from connectors.bitrix24.readers.histories import files_named
from connectors.bitrix24.readers.windows import instant
from shared.model.json import JsonObject, as_list, as_map
from shared.model.records import SourceRecord

FORUM, CHAT = "forum", "chat"

_Likeness = tuple[str, int | None, str]
"""Author, Unix time and text: what a comment and its copy have in common."""


def merged(
    task: str,
    comments: Iterable[JsonObject],
    messages: Iterable[JsonObject],
    files: Mapping[str, JsonObject],
    copied: Mapping[str, str] | None = None,
) -> list[SourceRecord]:
    """All comments of one task by id: those of the forum as ``f{id}``, then those of the chat alone as ``m{id}``.

    ``comments`` are rows of ``task.commentitem.getlist``, ``messages`` and ``files`` (by id) what
    ``im.dialog.messages.get`` told of the chat. What the system wrote, and what was deleted, is no comment. A message
    is the copy of one comment at most: who wrote the same twice in a second keeps both. A chat may be merged a part
    at a time: ``copied`` are the comments whose copies were in other parts, each with its copy's id.

    Rows: ``{"task_id", "origin", "author_id", "date", "text", "files", "comment": the source's own object}`` and for
    one of the forum ``copied_as``, the id of its copy or None.
    """
    old = {int(one["ID"]): _of_forum(task, one) for one in comments}
    new = {int(one["id"]): _of_chat(task, one, files) for one in messages if _is_comment(one)}
    without_copy: dict[_Likeness, list[JsonObject]] = {}
    for number, row in sorted(old.items()):
        row["copied_as"] = (copied or {}).get(f"f{number}")
        if row["copied_as"] is None:
            without_copy.setdefault(_likeness(row), []).append(row)
    records = [SourceRecord(f"f{number}", row) for number, row in sorted(old.items())]
    for number, row in sorted(new.items()):
        if alike := without_copy.get(_likeness(row)):
            alike.pop(0)["copied_as"] = f"m{number}"
        else:
            records.append(SourceRecord(f"m{number}", row))
    return records


def _of_forum(task: str, one: JsonObject) -> JsonObject:
    return {
        "task_id": task,
        "origin": FORUM,
        "author_id": str(one.get("AUTHOR_ID") or "0"),
        "date": one.get("POST_DATE"),
        "text": one.get("POST_MESSAGE") or "",
        "files": as_list(one.get("ATTACHED_OBJECTS")),
        "comment": one,
    }


def _of_chat(task: str, one: JsonObject, files: Mapping[str, JsonObject]) -> JsonObject:
    """A file that the answer does not describe is known by its id."""
    return {
        "task_id": task,
        "origin": CHAT,
        "author_id": str(one["author_id"]),
        "date": one.get("date"),
        "text": one.get("text") or "",
        "files": [files.get(name, {"id": int(name)}) for name in files_named(one)],
        "comment": one,
    }


def _is_comment(message: JsonObject) -> bool:
    return bool(int(message.get("author_id") or 0)) and as_map(message.get("params")).get("IS_DELETED") != "Y"


def _likeness(row: JsonObject) -> _Likeness:
    """One world may tell offsets, entities, line ends and composed letters otherwise than the other."""
    text = unicodedata.normalize("NFC", html.unescape(str(row["text"])))
    return row["author_id"], instant(row["date"]), " ".join(text.split())
