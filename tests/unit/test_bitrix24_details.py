"""Details that a portal does not tell: their records come without them, and say so."""

import orjson
import pytest

from connectors.bitrix24.families.people import GROUPS
from connectors.bitrix24.families.tasks import TaskPages, listing_of
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.raw import noted
from connectors.bitrix24.readers.keyset import KeysetReader
from shared.model.errors import SlowDown
from shared.model.json import JsonObject
from shared.model.records import SourcePage
from tests.unit.bitrix24_stand_in import Happening, NothingYet, Portal, calm, introduced

MISSING = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
DENIED = {"error": "ACCESS_DENIED", "error_description": "Access denied"}
GONE = {"error": "NOT_FOUND", "error_description": ""}
REFUSED = {"error": "", "error_description": "Task not found"}
REFUSALS = {
    "source.method_missing": MISSING,
    "source.denied": DENIED,
    "source.not_found": GONE,
    "source.refused": REFUSED,
}


def _portal(refused: dict[str, JsonObject], *, as_result: bool = False) -> KeysetReader:
    """Two tasks and two groups; ``refused`` are errors by method."""

    def answer(body: JsonObject) -> JsonObject:
        results: JsonObject = {}
        errors: JsonObject = {}
        for key, command in body["cmd"].items():
            method = command.partition("?")[0]
            found = {
                "tasks.task.list": {"tasks": [{"id": "1"}, {"id": "2"}]},
                "tasks.task.get": {"task": {"id": "1"}},
                "sonet_group.get": [{"ID": "1"}, {"ID": "2"}],
            }
            if method in refused:
                (results if as_result else errors)[key] = refused[method]
            else:
                results[key] = found.get(method, [])
        return {"result": {"result": results, "result_error": errors}}

    listing = listing_of(()) if "task.checklistitem.getlist" in refused else GROUPS
    return _kind(listing)(listing, introduced(answer))


def _kind(listing: Listing) -> type[KeysetReader]:
    return KeysetReader if listing is GROUPS else TaskPages


async def _read(reader: KeysetReader) -> SourcePage:
    return await reader.read({"after": 0, "upto": None, "pages": 1}, NothingYet())


def _spent_after(batches: int) -> Happening:
    """The list comes with the first batch, each further one brings the details of 50 groups; then the portal waits."""

    def happening(portal: Portal, _key: str) -> None:
        if len(portal.batches) > batches:
            raise SlowDown("source.throttled", "the seconds of a method are spent")

    return happening


@pytest.mark.parametrize("reason", REFUSALS)
async def test_tasks_come_without_checklists_where_the_portal_has_none_to_tell(reason: str) -> None:
    page = await _read(_portal({"task.checklistitem.getlist": REFUSALS[reason]}))
    assert [(one.data["checklist"], one.data["unread"]) for one in page.records] == [([], ["checklist"])] * 2
    assert page.coverage == {"details_unread": 0, "checklist_unread": 2}


@pytest.mark.parametrize("reason", REFUSALS)
async def test_groups_come_without_members_where_the_portal_has_none_to_tell(reason: str) -> None:
    page = await _read(_portal({"sonet_group.user.get": REFUSALS[reason]}))
    assert [one.data["unread"] for one in page.records] == [["members"], ["members"]]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_one_note_says_why_details_are_unread(reason: str) -> None:
    page = await _read(_portal({"sonet_group.user.get": REFUSALS[reason]}))
    assert [list(orjson.loads(raw)) for raw in page.raw].count(["note"]) == 1
    (told,) = noted(page.raw)["why_unread"]["members"].items()
    assert told[0] == reason
    assert told[1].startswith("sonet_group.user.get: ")


async def test_a_note_is_no_call() -> None:
    page = await _read(_portal({"sonet_group.user.get": MISSING}))
    assert page.calls == len(page.raw) - 1


async def test_details_that_are_told_need_no_note() -> None:
    assert noted((await _read(_portal({}))).raw) == {}


async def test_an_error_in_the_place_of_details_does_not_pass_for_empty_ones() -> None:
    page = await _read(_portal({"sonet_group.user.get": DENIED}, as_result=True))
    assert [(one.data["members"], one.data["unread"]) for one in page.records] == [([], ["members"])] * 2


async def test_rows_made_again_of_raw_are_unread_just_the_same() -> None:
    reader = _portal({"task.checklistitem.getlist": MISSING})
    page = await _read(reader)
    assert reader.rows(page.raw) == page.records


async def test_details_that_came_are_kept_when_those_of_later_records_have_to_wait() -> None:
    portal = Portal(set(range(1, 101)), _spent_after(2))
    reader = KeysetReader(GROUPS, introduced(portal.answer))
    page = await reader.read({"after": 0, "upto": 100, "pages": 2}, NothingYet())
    assert [one.id for one in page.records] == [str(number) for number in range(1, 51)]
    assert page.next is not None
    assert page.next["after"] == 50


async def test_the_next_read_begins_at_the_first_record_without_details() -> None:
    portal = Portal(set(range(1, 101)), _spent_after(2))
    reader = KeysetReader(GROUPS, introduced(portal.answer))
    first = await reader.read({"after": 0, "upto": 100, "pages": 2}, NothingYet())
    portal.happening = calm
    second = await reader.read(first.next or {}, NothingYet())
    assert [one.id for one in second.records] == [str(number) for number in range(51, 101)]
    assert second.next is None


async def test_rows_made_again_of_raw_end_where_the_details_ended() -> None:
    reader = KeysetReader(GROUPS, introduced(Portal(set(range(1, 101)), _spent_after(2)).answer))
    page = await reader.read({"after": 0, "upto": 100, "pages": 2}, NothingYet())
    assert reader.rows(page.raw) == page.records


async def test_a_page_none_of_whose_details_came_waits_as_a_whole() -> None:
    reader = KeysetReader(GROUPS, introduced(Portal({1, 2}, _spent_after(1)).answer))
    with pytest.raises(SlowDown):
        await _read(reader)
