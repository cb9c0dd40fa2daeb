"""Chats of the simulated portal, seen through its methods."""

import random
from typing import Any

import pytest

from lab.simulators.bitrix24.chats.dialogs import CRM, GROUP, OPEN, PRIVATE, TASK, Chat
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World
from tests.unit.lab.simulator.asking import ask

SIZE = Size(users=40, departments=5, groups=6, tasks=60, chats=60, messages=1500)


@pytest.fixture
def world() -> World:
    return World.create(SIZE)


def of_type(world: World, kind: str, *, mine: bool = True) -> Chat:
    """The fullest chat of a type that the first user is in, or is not in."""
    found = [chat for chat in world.chats.chats.values() if chat.type == kind and (1 in chat.members) == mine]
    return max(found, key=lambda chat: len(chat.messages))


def history(world: World, chat: Chat, limit: int = 50) -> list[dict[str, Any]]:
    """Backwards by cursor until nothing comes."""
    rows: list[dict[str, Any]] = []
    while True:
        cursor = {"LAST_ID": rows[-1]["id"]} if rows else {}
        page = ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}", "LIMIT": limit, **cursor}).result
        if not page["messages"]:
            return rows
        rows += page["messages"]


def told(world: World, chat: Chat) -> list[dict[str, Any]]:
    return [row | {"unread": False} for row in world.truth("chat_message") if row["chat_id"] == chat.id]


@pytest.mark.parametrize("kind", [GROUP, OPEN, PRIVATE, CRM, TASK])
def test_a_whole_history_is_read_backwards_by_cursor(world: World, kind: str) -> None:
    chat = of_type(world, kind)

    assert [row | {"unread": False} for row in history(world, chat)][::-1] == told(world, chat)


def test_newer_messages_are_read_forwards_without_a_gap(world: World) -> None:
    chat = of_type(world, GROUP)
    seen = [chat.messages[0].id]
    while True:
        wanted = {"DIALOG_ID": f"chat{chat.id}", "FIRST_ID": seen[-1], "LIMIT": 7}
        page = ask(world, "im.dialog.messages.get", wanted).result["messages"]
        if not page:
            break
        assert [row["id"] for row in page] == sorted((row["id"] for row in page), reverse=True)
        seen += [row["id"] for row in page][::-1]

    assert seen == [one.id for one in chat.messages]


def test_a_cursor_that_is_no_message_of_the_chat_finds_nothing(world: World) -> None:
    chat = of_type(world, GROUP)

    result = ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}", "LAST_ID": 999_999}).result

    assert (result["messages"], result["files"], result["users"]) == ([], [], [])


def test_a_chat_with_much_unread_answers_more_than_was_asked_for(world: World) -> None:
    chat = next(one for one in world.chats.chats.values() if one.id % 5 == 0 and len(one.messages) > 12)
    user = min(chat.members)

    rows = ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}", "LIMIT": 3}, user).result["messages"]

    assert len(rows) == 3 + chat.id % 7 + 1


def test_the_limit_is_twenty_unless_asked_and_fifty_at_most(world: World) -> None:
    chat = max((one for one in world.chats.chats.values() if one.id % 5), key=lambda one: len(one.messages))
    user = min(chat.members)

    counts = [
        len(ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}", **limit}, user).result["messages"])
        for limit in ({}, {"LIMIT": 500})
    ]

    assert counts == [20, 50]


def test_a_private_dialog_is_named_after_the_other_one(world: World) -> None:
    chat = of_type(world, PRIVATE)
    (other,) = chat.members - {1}

    assert ask(world, "im.dialog.get", {"DIALOG_ID": str(other)}).result["id"] == chat.id
    assert ask(world, "im.dialog.get", {"DIALOG_ID": "1"}, other).result["id"] == chat.id


@pytest.mark.parametrize("kind", [GROUP, PRIVATE])
def test_an_administrator_does_not_read_chats_of_others(world: World, kind: str) -> None:
    chat = of_type(world, kind, mine=False)

    with pytest.raises(PortalError) as refused:
        ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}"})

    assert (refused.value.code, refused.value.status) == ("ACCESS_ERROR", 403)
    assert ask(world, "im.chat.user.list", {"CHAT_ID": chat.id}).result == []


def test_open_chats_are_read_by_everybody(world: World) -> None:
    chat = of_type(world, OPEN, mine=False)

    assert ask(world, "im.dialog.get", {"DIALOG_ID": f"chat{chat.id}"}, admin=False).result["message_type"] == "O"


def test_a_task_chat_is_read_by_who_reads_the_task(world: World) -> None:
    chat = of_type(world, TASK, mine=False)
    task = chat.entity[1]

    assert ask(world, "im.chat.get", {"ENTITY_TYPE": "TASKS_TASK", "ENTITY_ID": task}).result == {"ID": chat.id}
    assert ask(world, "tasks.task.get", {"taskId": task}).result["task"]["chatId"] == chat.id
    stranger = ask(world, "im.chat.get", {"ENTITY_TYPE": "TASKS_TASK", "ENTITY_ID": task}, 39_999, admin=False)
    assert stranger.result is None


def test_a_record_without_a_chat_is_null_and_no_error(world: World) -> None:
    assert ask(world, "im.chat.get", {"ENTITY_TYPE": "CRM", "ENTITY_ID": "DEAL|99999"}).result is None


def test_some_tasks_have_no_chat(world: World) -> None:
    assert {type(row["chatId"]) for row in world.truth("task")} == {int, type(None)}


def test_a_missing_dialog_id_is_an_error(world: World) -> None:
    with pytest.raises(PortalError, match="Dialog ID can't be empty"):
        ask(world, "im.dialog.get")


def test_the_list_of_dialogs_mixes_numbers_and_texts(world: World) -> None:
    items = ask(world, "im.recent.list", {"LIMIT": 200}).result["items"]

    assert {(type(item["id"]), item["type"]) for item in items} == {(int, "user"), (str, "chat")}
    assert {item["chat_id"] for item in items} == {chat.id for chat in world.chats.chats.values() if 1 in chat.members}


def test_pages_of_dialogs_overlap(world: World) -> None:
    everything = [item["id"] for item in ask(world, "im.recent.list", {"LIMIT": 200}).result["items"]]
    pages = []
    more, offset = True, 0
    while more:
        result = ask(world, "im.recent.list", {"LIMIT": 5, "OFFSET": offset}).result
        pages.append([item["id"] for item in result["items"]])
        more, offset = result["hasMore"], offset + 5

    assert pages[1][0] == pages[0][-1]
    assert list(dict.fromkeys(one for page in pages for one in page)) == everything


def test_one_shot_answers_the_same_dialogs(world: World) -> None:
    assert ask(world, "im.recent.get").result == ask(world, "im.recent.list", {"LIMIT": 200}).result["items"]


def test_dialogs_can_be_skipped_by_kind(world: World) -> None:
    items = ask(world, "im.recent.list", {"SKIP_CHAT": "Y"}).result["items"]

    assert {item["type"] for item in items} == {"user"}


def test_the_system_writes_as_author_zero(world: World) -> None:
    first = told(world, of_type(world, GROUP))[0]

    assert (first["author_id"], first["params"]["CODE"]) == (0, ["CHAT_JOIN"])


def test_deleted_and_edited_messages_say_so(world: World) -> None:
    params = [row["params"] for row in world.truth("chat_message") if row["params"]]

    assert {"IS_DELETED", "IS_EDITED", "LIKE", "FILE_ID", "REPLY_ID"} <= {name for one in params for name in one}


def test_files_of_a_page_come_with_it(world: World) -> None:
    chat = of_type(world, GROUP)

    result = ask(world, "im.dialog.messages.get", {"DIALOG_ID": f"chat{chat.id}", "LIMIT": 50}).result

    wanted = [number for row in result["messages"] if row["params"] for number in row["params"].get("FILE_ID", [])]
    assert wanted
    assert [file["id"] for file in result["files"]] == wanted


def test_copied_comments_are_told_once(world: World) -> None:
    comments = world.truth("task_comment")
    known = {(row["taskId"], row["authorId"], row["date"], row["text"]) for row in comments}

    copies = [row["copied_as"] for row in comments if row.get("copied_as")]
    assert copies
    assert not {row["id"] for row in comments} & set(copies)
    assert len(known) == len(comments)


def test_a_copy_has_another_id_and_the_old_author_date_and_text(world: World) -> None:
    row = next(row for row in world.truth("task_comment") if row.get("copied_as"))
    copy = next(one for one in world.truth("chat_message") if f"m{one['id']}" == row["copied_as"])

    assert (str(copy["author_id"]), copy["date"], copy["text"]) == (row["authorId"], row["date"], row["text"])


def test_comments_of_tasks_are_neither_of_the_system_nor_deleted(world: World) -> None:
    messages = {f"m{row['id']}": row for row in world.truth("chat_message")}

    for row in world.truth("task_comment"):
        if row["id"] in messages:
            assert messages[row["id"]]["author_id"]
            assert "IS_DELETED" not in messages[row["id"]]["params"]


def test_ids_of_messages_ascend_through_all_chats(world: World) -> None:
    numbers = [row["id"] for row in world.truth("chat_message")]

    assert len(set(numbers)) == len(numbers)
    assert max(numbers) - min(numbers) >= len(numbers)


@pytest.mark.parametrize("name", ["im.chat.message.list", "im.message.list"])
def test_a_method_that_does_not_exist_is_not_found(name: str) -> None:
    with pytest.raises(PortalError) as refused:
        find(name)

    assert refused.value.status == 404


def test_changes_of_chats_are_told_as_they_are_made(world: World) -> None:
    chance = random.Random(5)

    for _ in range(60):
        before = {row["id"]: row | {"unread": False} for row in world.truth("chat_message")}
        comments = {row["id"] for row in world.truth("task_comment")}
        changes = world.chats.mutate(chance)
        after = {row["id"]: row for row in world.truth("chat_message")}
        differing = {str(one) for one in after if after[one] != before.get(one)}
        assert differing == {change.id for change in changes if change.entity == "chat_message"}
        appeared = {row["id"] for row in world.truth("task_comment")} ^ comments
        assert appeared <= {change.id for change in changes if change.entity == "task_comment"}


def test_the_same_seed_makes_the_same_chats() -> None:
    assert World.create(SIZE).truth("chat") == World.create(SIZE).truth("chat")
    assert World.create(SIZE).truth("chat_message") == World.create(SIZE).truth("chat_message")
