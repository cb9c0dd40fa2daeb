"""Whether comments of tasks are deleted (API facts §4.4).

None of them can be asked for by its id. So the tasks that they belonged to are read once more, forum and chat: what is
in neither is gone, where the one that it was in is open to us.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.families.task_comments import TaskCommentReader
from connectors.bitrix24.raw import noted
from connectors.bitrix24.readers.sweeping import chat_of
from connectors.bitrix24.readers.two_worlds import CHAT, FORUM
from shared.model.json import JsonObject, as_list, as_map
from shared.ports.systems import Extracted

_WORLDS = {"f": FORUM, "m": CHAT}
"""By the first letter of a comment's id."""


@dataclass(slots=True)
class TaskComments:
    """Reads tasks again."""

    reader: TaskCommentReader

    async def gone(self, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """Those that their tasks do not have any more. Of a task that is nowhere to be found, nobody knows."""
        tasks = await self._tasks(frozenset(source_ids), extracted)
        found = await self._found(frozenset(tasks.values()), extracted)
        pages: dict[str, set[str]] = {}
        for task, (page, _) in found.items():
            pages.setdefault(page, set()).add(task)
        there, closed = set[str](), {(CHAT, task) for task, (_, chat) in found.items() if not chat}
        for page, only in pages.items():
            cursor: JsonObject | None = {"page": page, "only": sorted(only)}
            while cursor is not None:
                got = await self.reader.read(cursor, extracted)
                there.update(record.id for record in got.records)
                unreadable = as_map(noted(got.raw).get("unreadable"))
                closed.update((world, str(task)) for world, some in unreadable.items() for task in as_list(some))
                cursor = got.next
        return frozenset(
            one
            for one, task in tasks.items()
            if task in found and one not in there and (_WORLDS[one[0]], task) not in closed
        )

    async def _tasks(self, wanted: frozenset[str], extracted: Extracted) -> dict[str, str]:
        """By comment: the task that it belonged to when it was last read."""
        found: dict[str, str] = {}
        for page in await extracted.earlier("task_comment"):
            rows = (record for record in await extracted.rows(page) if record.id in wanted)
            found |= {record.id: str(record.data["task_id"]) for record in rows}
        return found

    async def _found(self, tasks: frozenset[str], extracted: Extracted) -> Mapping[str, tuple[str, bool]]:
        """By task: the page of rows that tells of it last, and whether it tells of a chat."""
        found: dict[str, tuple[str, bool]] = {}
        pages = (*await extracted.earlier("task"), *await extracted.pages("task")) if tasks else ()
        for page in pages:
            rows = (record for record in await extracted.rows(page) if record.id in tasks)
            found |= {record.id: (page, bool(chat_of(record.data))) for record in rows}
        return found
