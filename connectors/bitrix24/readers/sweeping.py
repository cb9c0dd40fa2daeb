"""Sweeping tasks that did not change for new comments (API facts §4.4, §10.2).

A comment of the new card does not move its task's date of change, and no list tells in which chats of tasks somebody
wrote. So each known task is asked for the last message of its chat, and for comments of its forum since then: 25 tasks
to a call. Those that have any are then read whole, for a comment and its copy have to meet. An edit of an old comment
is not found this way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.bitrix24.coverage import number
from connectors.bitrix24.raw import note
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.commented import METHOD, forum_key
from connectors.bitrix24.readers.news import latest, news_of
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.rounds import rounds
from connectors.bitrix24.readers.unchanged import Unchanged
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject, as_list, as_map
from shared.model.records import SourcePage, SourceRecord
from shared.ports.systems import Extracted

_FORUM_SCOPES, _CHAT_SCOPES = ("task",), ("im",)
_OF_ONE = 2
"""Commands for one task."""


def chat_of(task: JsonObject) -> int:
    """0 for a task without a chat, or gone."""
    return number(as_map(task.get("details")).get("chatId"))


@dataclass(slots=True)
class Sweep:
    """A range for each page of tasks that earlier runs left; it goes on with those of its tasks that have news."""

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _unchanged: Unchanged = field(default_factory=lambda: Unchanged("task"))

    async def cursors(self, extracted: Extracted) -> list[JsonObject]:
        """``swept`` is how many tasks of the page were asked about, ``only`` are those that have news; ``since`` in
        Unix seconds. Comments that are read whole are asked for of all tasks."""
        since = extracted.since("task_comment")
        pages = await self._unchanged.of(extracted)
        if since is None:
            return [{"page": page, "only": sorted(ids, key=int)} for page, ids in pages.items()]
        return [{"page": page, "swept": 0, "only": [], "since": int(since.timestamp())} for page in pages]

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """As many tasks as there is time for; no records come of it."""
        tasks = await self._unchanged.rows(extracted, str(cursor["page"]))
        swept, calls, found = int(cursor["swept"]), [0], set(map(str, as_list(cursor["only"])))

        async def ask(some: Sequence[SourceRecord]) -> None:
            news, made = await self._ask(some, int(cursor["since"]))
            found.update(news)
            calls[0] += made

        swept += await rounds(tasks[swept:], lambda: self._pacing.most // _OF_ONE, ask)
        only = sorted(found, key=int)
        following: JsonObject | None = {**cursor, "swept": swept, "only": only}
        if swept >= len(tasks):
            following = {"page": cursor["page"], "only": only} if only else None
        facts = note({"swept": swept, "only": only})
        return SourcePage((), (facts,), following, calls[0], coverage={"tasks_swept": swept - int(cursor["swept"])})

    async def _ask(self, tasks: Sequence[SourceRecord], since: int) -> tuple[set[str], int]:
        """(the tasks with news, calls made). A chat is asked for through each webhook until one may read it."""
        chats = {f"n{task.id}": latest(f"chat{chat_of(task.data)}") for task in tasks if chat_of(task.data)}
        readers, forums = await self._readers(_CHAT_SCOPES), (await self._readers(_FORUM_SCOPES))[:1]
        news, calls = set[str](), 0
        of_chats, of_forums = ({webhook.user for webhook in some} for some in (readers, forums))
        for user, webhook in {webhook.user: webhook for webhook in (*forums, *readers)}.items():
            asked = {**(chats if user in of_chats else {}), **(_forums(tasks, since) if user in of_forums else {})}
            if not asked:
                continue
            answers = await attempt(webhook, asked, self._pacing)
            calls += len(answers.raw)
            told = {key: answer for key, answer in answers.results.items() if key in chats}
            news.update(key[1:] for key in news_of(told, since))
            news.update(key[1:] for key, answer in answers.results.items() if key not in chats and as_list(answer))
            chats = {key: command for key, command in chats.items() if key not in told}
        return news, calls

    async def _readers(self, scopes: tuple[str, ...]) -> tuple[Webhook, ...]:
        try:
            return await self.webhooks.with_scope(*scopes)
        except EntityStopped:
            return ()


def _forums(tasks: Sequence[SourceRecord], since: int) -> Mapping[str, Command]:
    """Arguments that go by their place (API facts §1.1)."""
    moment = datetime.fromtimestamp(since, UTC).isoformat()
    order = {"ID": "asc"}
    return {
        forum_key(task.id): (METHOD, {"TASKID": task.id, "ORDER": order, "FILTER": {">=POST_DATE": moment}})
        for task in tasks
    }
