"""Tasks and their comments, read from a simulated portal in a process of its own."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from connectors.bitrix24.raw import noted
from shared.model.json import JsonObject
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET = "s3cret-of-the-portal"
WITHOUT_CHATS = "s3cret-without-chats"
SOMEBODY, SOMEBODY_ELSE = (5, "s3cret-of-one-who-chats"), (7, "s3cret-of-another")
WEBHOOKS = (
    f"1:{SECRET}",
    f"1:{WITHOUT_CHATS}:task",
    *(f"{user}:{one}:im:noadmin" for user, one in (SOMEBODY, SOMEBODY_ELSE)),
)
SIZE = ("--tasks", "300", "--users", "60", "--groups", "8", "--deals", "20")
QUIET = ("--rate", "0", "--operating-limit", "0", "--slow-ms", "30")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = [part for one in WEBHOOKS for part in ("--webhook", one)]
    with simulated_portal(tmp_path_factory.mktemp("portal"), *webhooks, *SIZE, *QUIET) as portal:
        yield portal


async def copied(portal: SimulatedPortal, *webhooks: str) -> Copy:
    copy = Copy(portal.source(*webhooks or (portal.webhook(SECRET),)))
    await copy.fetch("task", "task_comment")
    return copy


def tasks_in(copy: Copy) -> dict[str, JsonObject]:
    """What was read, in the form of the truth: checked to say the same of a task wherever it does."""
    tasks = {}
    for source_id, row in copy.rows_of("task").items():
        listed = {name: value for name, value in row.items() if name != "details"}
        assert {**listed, **row["details"]} == {**row["details"], **listed}
        tasks[source_id] = {**listed, **row["details"]}
    return tasks


def comments_in(copy: Copy) -> dict[str, JsonObject]:
    """What was read, in the form of the truth."""
    return {source_id: _told(row) for source_id, row in copy.rows_of("task_comment").items()}


def _told(row: JsonObject) -> JsonObject:
    files = [str(file.get("FILE_ID") or file["id"]) for file in row["files"]]
    told = {"taskId": row["task_id"], "authorId": row["author_id"], "date": row["date"], "text": row["text"]}
    return {**told, "files": files, **({"copied_as": row["copied_as"]} if row["origin"] == "forum" else {})}


def truth_of(portal: SimulatedPortal, entity: str) -> dict[str, JsonObject]:
    rows = {row["id"]: row for row in portal.truth(entity)}
    return rows if entity == "task" else {number: _without_id(row) for number, row in rows.items()}


def _without_id(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name != "id"}


def changed(portal: SimulatedPortal, entity: str) -> set[str]:
    journal = httpx.get(f"{portal.url}/__sim/journal").json()
    return {one["id"] for one in journal if one["entity"] == entity}


def unreadable_chats(copy: Copy) -> set[str]:
    return {task for page in copy.read["task_comment"] for task in noted(page.raw)["unreadable"]["chat"]}


def counted(copy: Copy) -> dict[str, int]:
    """What the pages of comments counted, added up."""
    found: Counter[str] = Counter()
    for page in copy.read["task_comment"]:
        found.update(page.coverage)
    return dict(found)


async def test_every_task_comes_with_its_details_and_checklists(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch("task")
    tasks, truth = tasks_in(copy), truth_of(portal, "task")
    assert set(tasks) == set(truth)
    assert all(row.items() <= truth[source_id].items() for source_id, row in tasks.items())
    told_by_get = {"chatId", "ufCrmTask", "ufTaskWebdavFiles", "ufAuto841972304304", "checklist", "tags", "accomplices"}
    assert all(told_by_get <= set(row) for row in tasks.values())


async def test_comments_of_both_cards_come_once(portal: SimulatedPortal) -> None:
    comments = comments_in(await copied(portal))
    assert comments == truth_of(portal, "task_comment")
    assert {source_id[0] for source_id in comments} == {"f", "m"}
    assert any(row.get("copied_as") for row in comments.values())


@pytest.mark.parametrize("entity", ["task", "task_comment"])
async def test_rows_are_made_again_of_the_archive_alone(portal: SimulatedPortal, entity: str) -> None:
    copy = await copied(portal)
    assert copy.rebuilt(entity) == copy.rows_of(entity)


async def test_nothing_is_lost_while_the_portal_stumbles(portal: SimulatedPortal) -> None:
    portal.switch(faults=0.05)
    copy = await copied(portal)
    assert portal.stats()["faults"]
    assert set(tasks_in(copy)) == set(truth_of(portal, "task"))
    assert comments_in(copy) == truth_of(portal, "task_comment")
    assert portal.stats()["writes"] == 0


async def test_what_stays_comes_once_while_colleagues_work(portal: SimulatedPortal) -> None:
    portal.switch(mutate=500.0)
    copy = await copied(portal)
    portal.switch(mutate=0.0)
    comments, changed_comments = comments_in(copy), changed(portal, "task_comment")
    tasks, changed_tasks = copy.rows_of("task"), changed(portal, "task")
    assert changed_tasks
    assert changed_comments
    for source_id, row in truth_of(portal, "task_comment").items():
        assert source_id in changed_comments or comments[source_id] == row
    for source_id, row in truth_of(portal, "task").items():
        assert source_id in changed_tasks or _own(tasks[source_id]) <= _own(row)


def _own(task: JsonObject) -> set[tuple[str, str]]:
    """What is the task's own, and no name of a person or group, which may change without it."""
    return {(name, str(value)) for name, value in task.items() if isinstance(value, str)}


async def test_a_chat_is_read_through_any_webhook_that_may_see_it(portal: SimulatedPortal) -> None:
    people = [portal.webhook(secret, user) for user, secret in (SOMEBODY, SOMEBODY_ELSE)]
    copy = await copied(portal, portal.webhook(WITHOUT_CHATS), *people)
    comments, unreadable = comments_in(copy), unreadable_chats(copy)
    for source_id, row in truth_of(portal, "task_comment").items():
        assert (source_id in comments) == (source_id[0] == "f" or row["taskId"] not in unreadable)
    takes_part = [
        {one["id"] for one in portal.truth("task") if str(user) in (one["responsibleId"], *one["accomplices"])}
        for user, _ in (SOMEBODY, SOMEBODY_ELSE)
    ]
    assert takes_part[0] - takes_part[1]
    assert takes_part[1] - takes_part[0]
    assert not unreadable & (takes_part[0] | takes_part[1])
    assert unreadable
    assert counted(copy)["chat_unreadable"] == len(unreadable)


async def test_the_forum_is_read_and_chats_are_counted_where_no_webhook_may_read_them(portal: SimulatedPortal) -> None:
    copy = await copied(portal, portal.webhook(WITHOUT_CHATS))
    forum = {number for number in truth_of(portal, "task_comment") if number.startswith("f")}
    assert set(comments_in(copy)) == forum
    with_chat = [row for row in portal.truth("task") if row["chatId"]]
    assert counted(copy) == {"chat_unreadable": len(with_chat), "forum_unreadable": 0, "chats_read": 0}
    assert not [page.lost for page in copy.read["task_comment"] if page.lost]
