"""Every recorded success of a method that the connector calls, by name, is read by what calls it."""

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from connectors.bitrix24.families import READERS
from connectors.bitrix24.families.crm import COMPANY, items
from connectors.bitrix24.families.crm_settings import CATEGORIES, STATUSES, TYPES
from connectors.bitrix24.families.custom_fields import CLASSIC
from connectors.bitrix24.families.people import DEPARTMENTS, GROUPS, USERS
from connectors.bitrix24.families.tasks import custom_fields, listing_of
from connectors.bitrix24.families.workflows import TEMPLATES
from connectors.bitrix24.methods import READ_METHODS
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.authored import comments_of, files_of
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject, as_list
from tests.unit.bitrix24_stand_in import reading

RECORDED: dict[str, list[JsonObject]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/bitrix24/doc-examples.json").read_text("utf-8")
)
VERSION_3 = "rest-v3.md"
"""Pages of the API's third version, which the connector does not call."""

CALLED = {
    method: one["body"]["result"]
    for method, examples in RECORDED.items()
    for one in examples
    if method in READ_METHODS and "error" not in one["body"] and not one["page"].endswith(VERSION_3)
}
NOBODY = Webhooks([])
BY_PAGES = {
    listing.method: listing
    for listing in (
        *(DEPARTMENTS, USERS, GROUPS, TYPES, STATUSES, CATEGORIES, TEMPLATES),
        *CLASSIC.values(),
        items(COMPANY),
        listing_of(()),
    )
}


def _batch(**results: Json) -> bytes:
    return archived("1", orjson.dumps({"result": {"result": results}}))


def _rows_of_a_list(method: str, result: Json) -> int:
    """The rows that the method's own reader makes of its answer."""
    listing = BY_PAGES[method]
    if listing.filter is None:
        return len(OffsetReader(listing, NOBODY).rows([archived("1", orjson.dumps({"result": result}))]))
    rows = sorted(listing.rows(result), key=lambda row: int(row[listing.id]))
    page = {listing.wrapper: rows} if listing.wrapper else rows
    return len(KeysetReader(listing, NOBODY).rows([_batch(p00=page)]))


def _members(result: Json) -> int:
    raw = [_batch(p00=[{"ID": "7"}]), _batch(d0_7=result)]
    return len(READERS["group"](reading(NOBODY)).rows(raw)[0].data["members"])


def _of_task(number: int, name: str) -> Callable[[Json], int]:
    def read(result: Json) -> int:
        raw = [_batch(p00={"tasks": [{"id": "8"}]}), _batch(**{f"d{number}_8": result})]
        return len(READERS["task"](reading(NOBODY)).rows(raw)[0].data[name])

    return read


def _custom_field(result: Json) -> int:
    row = {**result["field"], "userTypeId": "enumeration"}
    bare = {"fields": [{name: value for name, value in row.items() if name != "enum"}]}
    raw = [note({"new": {"CRM_7": None}}), _batch(CRM_7=bare), _batch(**{f"d0_{row['id']}": result})]
    return len(READERS["custom_field"](reading(NOBODY)).rows(raw)[0].data["enum"])


def _custom_fields(result: Json) -> int:
    raw = [note({"new": {"CRM_7": None}}), _batch(CRM_7=result)]
    return len(READERS["custom_field"](reading(NOBODY)).rows(raw))


def _recent(result: Json) -> int:
    raw = [note({"private_chats": True}), archived("1", orjson.dumps({"result": result}))]
    return len(READERS["dialog"](reading(NOBODY)).rows(raw))


def _bound(result: Json) -> int:
    raw = [note({"of": {"c0": "group:5"}}), _batch(c0=result)]
    return len(READERS["dialog"](reading(NOBODY)).rows(raw))


READ: dict[str, tuple[Callable[[Json], int], Callable[[Json], int]]] = {
    "sonet_group.user.get": (_members, len),
    "tasks.task.get": (_of_task(0, "details"), lambda result: len(result["task"])),
    "task.checklistitem.getlist": (_of_task(1, "checklist"), len),
    "tasks.task.getFields": (
        lambda result: len(custom_fields(result)),
        lambda result: sum(name.startswith("UF_") for name in result["fields"]) - 3,
    ),
    "log.blogcomment.user.get": (
        lambda result: len(comments_of(result)) + len(files_of(result)),
        lambda result: len(result["comments"]) + len(result["files"]),
    ),
    "userfieldconfig.list": (_custom_fields, lambda result: len(result["fields"])),
    "userfieldconfig.get": (_custom_field, lambda result: len(result["field"]["enum"])),
    "im.recent.list": (_recent, lambda result: len(result["items"])),
    "im.chat.get": (_bound, lambda _result: 1),
    "server.time": (lambda result: instant(result) or 0, lambda result: instant(result) or -1),
}
"""(what was read of a result, what is in it), in whichever unit."""

ELSEWHERE = {
    "crm.item.get": "by the tests of presence: that it is there is all it tells",
    "app.info": "its licence, by the examination",
    "disk.attachedObject.get": "by the tests of media",
    "disk.file.get": "by the tests of media",
    "im.chat.user.list": "by the mapping of chats",
    "im.dialog.get": "by the mapping of chats",
    "im.dialog.messages.get": "by the tests of task rows",
    "method.get": "by the examination",
    "task.commentitem.getlist": "by the tests of task rows",
    "user.current": "on the list of methods, and not called",
}


def test_no_recorded_answer_of_a_method_that_is_called_goes_unread() -> None:
    assert set(CALLED) == {*READ, *ELSEWHERE, *(method for method in BY_PAGES if method in RECORDED)}


@pytest.mark.parametrize("method", [method for method in BY_PAGES if method in RECORDED])
def test_a_recorded_list_is_read_by_its_own_reader(method: str) -> None:
    result = CALLED[method]
    wrapper = BY_PAGES[method].wrapper
    assert _rows_of_a_list(method, result) == len(as_list(result[wrapper] if wrapper else result)) > 0


@pytest.mark.parametrize("method", READ)
def test_a_recorded_answer_is_read_by_what_asks_for_it(method: str) -> None:
    read, told = READ[method]
    assert read(CALLED[method]) == told(CALLED[method]) > 0
