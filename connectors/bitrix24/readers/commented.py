"""What a page of archived answers tells of each task: the comments of its forum, and messages of its chat.

A page may hold a part of a long chat. It says so in a note: ``parts`` are, by task, ``[before, from, whether it is
over]`` of those whose chat did not come whole. The first two are the ids between which the page has every message;
``from`` is None when there is none. ``copied`` are comments whose copies were in other parts, each with its copy's id.
"""

from collections.abc import Mapping, Sequence

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.raw import noted, told
from connectors.bitrix24.readers.histories import files_of, messages_of
from connectors.bitrix24.readers.two_worlds import CHAT, merged
from connectors.bitrix24.transport import Command
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import SourceRecord

METHOD = "task.commentitem.getlist"

_WHOLE = (None, 0, True)
"""The part of a task that came whole; see above."""


def forum_key(task: str) -> str:
    """Key of the command for the forum of a task; the histories' keys begin with other letters."""
    return f"f{task}"


def forum_command(task: str) -> Command:
    """Arguments that go by their place (API facts §1.1)."""
    return METHOD, {"TASKID": task, "ORDER": {"ID": "asc"}}


def comments_of(result: Json) -> list[JsonObject] | None:
    """None when the old card's list is dead. Raises RetryLater for a row without an id: it may hide some."""
    if not isinstance(result, list | dict):
        return None
    rows = as_list(result)
    if not all(isinstance(row, dict) and str(row.get("ID")).isdecimal() for row in rows):
        raise RetryLater("source.unexpected_answer", f"{METHOD}: a comment without an id")
    return rows


def held_of(raw: Sequence[bytes]) -> dict[str, list[SourceRecord]]:
    """All that a page holds of each task: the comments of its forum, and the messages that are no copies."""
    facts = noted(raw)
    parts, copied = as_map(facts.get("parts")), as_map(facts.get("copied"))
    forum: dict[str, list[JsonObject]] = {}
    messages: dict[str, dict[int, JsonObject]] = {}
    files: dict[str, JsonObject] = {}
    for one in told(raw):
        results = batch_results(one.answer)
        for task in dict.fromkeys(key[1:].partition("_")[0] for key in results):
            if forum_key(task) in results:
                forum[task] = comments_of(results[forum_key(task)]) or []
            files.setdefault(task, {}).update(files_of(results, task))
            before, since, _ = parts.get(task, _WHOLE)
            some = [] if since is None else messages_of(results, task, before)
            known = messages.setdefault(task, {})
            known |= {int(message["id"]): message for message in some if int(message["id"]) >= since}
    return {
        task: merged(task, forum.get(task, []), messages[task].values(), files[task], as_map(copied.get(task)))
        for task in messages
    }


def shown(held: Mapping[str, Sequence[SourceRecord]], parts: Mapping[str, Sequence[Json]]) -> tuple[SourceRecord, ...]:
    """The records of a page: comments of the forum come with the end of their task alone."""
    return tuple(
        record
        for task, records in held.items()
        for record in records
        if parts.get(task, _WHOLE)[2] or record.data["origin"] == CHAT
    )


def copies(held: Mapping[str, Sequence[SourceRecord]]) -> JsonObject:
    """By task: the comments that have a copy, each with the copy's id."""
    found = {
        task: {record.id: record.data["copied_as"] for record in records if record.data.get("copied_as")}
        for task, records in held.items()
    }
    return {task: some for task, some in found.items() if some}
