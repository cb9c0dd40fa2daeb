"""Comments of tasks, from the old card's forum and from the tasks' chats."""

from collections.abc import Mapping

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.chats.dialogs import Chat
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.tasks.data import Tasks


def task_comments(tasks: Tasks, chats: Mapping[int, Chat]) -> list[Row]:
    """Comments of all tasks: ``{"id", "taskId", "authorId", "date", "text", "files"}``."""
    return [one for number in tasks.table.ids for one in comments_of(tasks, chats, number)]


def comments_of(tasks: Tasks, chats: Mapping[int, Chat], number: int) -> list[Row]:
    """One that was copied is told once, with its old id, and ``copied_as`` names the copy."""
    chat = chats.get(tasks.chats.get(number, 0))
    messages = chat.messages if chat else []
    copies = {(one.author, one.made, one.text): f"m{one.id}" for one in messages if one.copied}
    rows = []
    for old in tasks.forum.get(number, []):
        ids = [str(link.file) for link in old.files]
        told = _comment(f"f{old.id}", number, old.author, old.made, old.text, ids)
        rows.append(told | {"copied_as": copies.get((old.author, old.made, old.text))})
    for one in messages:
        if one.author and not one.copied and not one.removed:
            ids = [str(file.id) for file in one.files]
            rows.append(_comment(f"m{one.id}", number, one.author, one.made, one.text, ids))
    return rows


def _comment(number: str, task: int, author: int, made: int, text: str, ids: list[str]) -> Row:
    date = stamps.written(made)
    return {"id": number, "taskId": str(task), "authorId": str(author), "date": date, "text": text, "files": ids}
