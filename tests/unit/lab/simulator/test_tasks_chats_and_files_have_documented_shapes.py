"""Answers of the collaboration methods beside the documentation's examples: same keys, same types."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.chats.dialogs import CRM, Chat
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

EXAMPLES = json.loads((Path(__file__).parents[3] / "fixtures/bitrix24/doc-examples.json").read_text("utf-8"))
NOTHING: tuple[Any, ...] = (None, False, "", [], {})
EXTRAS = ("WITH_PARSED_DESCRIPTION", "WITH_RESULT_INFO", "WITH_TIMER_INFO")
LEFT_OUT = {"action", "viewerAttrs", "mediaUrl", "copilot", "isTranscribable", "isVideoNote", "isVoiceNote", "log_id"}


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(
        Size(users=60, departments=6, groups=8, tasks=200, posts=80, chats=60, messages=900, workflows=9)
    )


def parameters(world: World, method: str) -> dict[str, Any]:
    """What asks for a record that has everything."""
    tasks, files = world.tasks, world.disk.files.values()
    asked: dict[str, Callable[[], dict[str, Any]]] = {
        "bizproc.workflow.instances": lambda: {"SELECT": ["*"]},
        "bizproc.workflow.template.list": lambda: {"SELECT": ["ID", "NAME", "USER_ID", "SYSTEM_CODE"]},
        "disk.attachedObject.get": lambda: {"id": next(one.id for one in world.disk.attachments.values())},
        "disk.file.get": lambda: {"id": next(one.id for one in files if one.readers is None)},
        "im.chat.get": lambda: dict(zip(("ENTITY_TYPE", "ENTITY_ID"), _bound(world).entity, strict=True)),
        "im.chat.user.list": lambda: {"CHAT_ID": _bound(world).id},
        "im.dialog.get": lambda: {"DIALOG_ID": f"chat{_bound(world).id}"},
        "im.dialog.messages.get": lambda: {"DIALOG_ID": f"chat{_bound(world).id}", "LIMIT": 50},
        "im.recent.list": lambda: {"LIMIT": 200, "SKIP_DIALOG": "Y"},
        "log.blogcomment.user.get": lambda: {
            "USER_ID": next(one.author for one in world.feed.comments.values() if one.files)
        },
        "task.checklistitem.getlist": lambda: {"0": next(iter(tasks.checklists))},
        "task.commentitem.getlist": lambda: {"0": next(n for n, them in tasks.forum.items() if them[0].files)},
        "tasks.task.get": lambda: {"taskId": _task(world), "select": ["*"]},
        "tasks.task.list": lambda: {"params": dict.fromkeys(EXTRAS, "Y")},
    }
    return asked[method]()


def _bound(world: World) -> Chat:
    return max((one for one in world.chats.chats.values() if one.type == CRM), key=lambda one: len(one.messages))


def _task(world: World) -> str:
    return str(next(row["ID"] for row in world.tasks.table.rows if row["UF_TASK_WEBDAV_FILES"]))


def _length(row: Any) -> int:
    return len(json.dumps(row))


def differences(example: Any, answer: Any, path: str = "") -> Iterator[str]:
    """Keys that are missing and types that differ; what stands for nothing is of any type."""
    if example in NOTHING or answer in NOTHING:
        return
    if isinstance(example, dict) and isinstance(answer, dict):
        if all(key.isdecimal() for key in example):
            example, answer = {"": next(iter(example.values()))}, {"": next(iter(answer.values()))}
        for key in example.keys() - LEFT_OUT:
            if key in answer:
                yield from differences(example[key], answer[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(example, list) and isinstance(answer, list):
        yield from differences(example[-1], max(answer, key=_length), f"{path}[]")
    elif type(example) is not type(answer):
        yield f"{path}: {type(answer).__name__} instead of {type(example).__name__}"


@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("bizproc.workflow.instances", ""),
        ("bizproc.workflow.template.list", ""),
        ("disk.attachedObject.get", ""),
        ("disk.file.get", ""),
        ("im.chat.get", ""),
        ("im.chat.user.list", ""),
        ("im.dialog.get", ""),
        ("im.dialog.messages.get", ""),
        ("im.recent.list", ""),
        ("log.blogcomment.user.get", ""),
        ("task.checklistitem.getlist", ""),
        ("task.commentitem.getlist", ""),
        ("tasks.task.get", "tasks-task-get.md"),
        ("tasks.task.list", "tasks-task-list.md"),
    ],
)
def test_an_answer_has_the_documented_shape(world: World, method: str, page: str) -> None:
    example = next(one for one in EXAMPLES[method] if one["status"] == [200] and one["page"].endswith(page))

    answer = find(method).handle(world, Caller(1, "secret", frozenset()), parameters(world, method)).result

    assert list(differences(example["body"]["result"], answer)) == []
