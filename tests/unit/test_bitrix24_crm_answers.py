"""From recorded answers of the CRM and of workflows to rows."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bitrix24.families import READERS
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.details import detail_key
from connectors.bitrix24.readers.ranges import filled, id_ranges, pages_left
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import RetryLater
from shared.model.records import SourceRecord
from tests.unit.bitrix24_stand_in import NothingYet, connected, reading

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8")
)


def _success(method: str) -> dict[str, Any]:
    (body,) = (one["body"] for one in RECORDED[method] if "error" not in one["body"])
    return dict(body)


def _rows(entity: str, *raw: bytes) -> tuple[SourceRecord, ...]:
    return READERS[entity](reading(Webhooks([]))).rows(raw)


def _batch(**results: Any) -> bytes:
    return archived("1", orjson.dumps({"result": {"result": results, "result_error": []}}))


def _single(body: dict[str, Any]) -> bytes:
    return archived("1", orjson.dumps(body))


@pytest.mark.parametrize(
    ("entity", "method", "wrapper", "key"),
    [
        ("company", "crm.item.list", "items", "id"),
        ("contact", "crm.item.list", "items", "id"),
        ("deal", "crm.item.list", "items", "id"),
        ("smart_process_type", "crm.type.list", "types", "id"),
        ("workflow_template", "bizproc.workflow.template.list", None, "ID"),
    ],
)
def test_a_recorded_page_is_read_whole(entity: str, method: str, wrapper: str | None, key: str) -> None:
    result = _success(method)["result"]
    rows = sorted(result[wrapper] if wrapper else result, key=lambda row: int(row[key]))
    records = _rows(entity, _batch(p00={wrapper: rows} if wrapper else rows))
    assert [(one.id, one.data) for one in records] == [(str(row[key]), row) for row in rows]


def test_recorded_items_are_told_apart_by_their_type() -> None:
    rows = sorted(_success("crm.item.list")["result"]["items"], key=lambda row: int(row["id"]))
    records = _rows("smart_process_item", note({"part": 1256}), _batch(p00={"items": rows}))
    assert [(one.id, one.data) for one in records] == [
        (f"1256:{row['id']}", row | {"entityTypeId": 1256}) for row in rows
    ]


def test_recorded_dictionaries_are_read_whole() -> None:
    body = _success("crm.status.list")
    assert [one.data for one in _rows("crm_status", _single(body))] == body["result"]


def test_recorded_funnels_are_told_apart_by_their_type() -> None:
    result = _success("crm.category.list")["result"]
    records = _rows("crm_category", note({"types": [2]}), _batch(t2=result))
    assert [one.id for one in records] == ["2:9", "2:10", "2:11", "2:0"]
    assert [one.data for one in records] == result["categories"]


@pytest.mark.parametrize("result", [None, False, {}, {"categories": None}, [{"id": 1}]])
def test_no_list_of_funnels_is_not_an_empty_one(result: Any) -> None:
    with pytest.raises(RetryLater):
        _rows("crm_category", note({"types": [2]}), _batch(t2=result))


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("CRM_DEAL", "crm.deal.userfield.list"),
        ("CRM_CONTACT", "crm.contact.userfield.list"),
        ("CRM_COMPANY", "crm.company.userfield.list"),
        ("USER", "user.userfield.list"),
    ],
)
def test_recorded_custom_fields_are_read_whole(kind: str, method: str) -> None:
    body = _success(method)
    records = _rows("custom_field", note({"new": {kind: None}}), _batch(**{kind: body["result"]}))
    assert [(one.id, one.data) for one in records] == [(f"{kind}:{row['FIELD_NAME']}", row) for row in body["result"]]


def test_a_recorded_enumeration_is_given_its_values() -> None:
    listed, whole = _success("userfieldconfig.list")["result"], _success("userfieldconfig.get")["result"]
    (row,) = listed["fields"]
    values = _batch(**{detail_key(0, row["id"]): whole})
    (record,) = _rows("custom_field", note({"new": {"CRM_7": None}}), _batch(CRM_7=listed), values)
    assert (record.id, record.data) == (f"CRM_7:{row['fieldName']}", row | {"enum": whole["field"]["enum"]})


def test_definitions_that_could_not_be_read_are_no_rows() -> None:
    unreadable = note({"unreadable": {"USER": {"source.denied": "Access denied."}}})
    assert _rows("custom_field", note({"new": {}}), _batch(), unreadable) == ()


@pytest.mark.parametrize(
    ("scopes", "kinds"),
    [
        ({"user", "user.userfield"}, ["USER"]),
        ({"user.userfield", "task"}, ["USER", "TASKS_TASK"]),
        ({"crm"}, ["CRM_DEAL", "CRM_CONTACT", "CRM_COMPANY", "USER"]),
        (None, ["CRM_DEAL", "CRM_CONTACT", "CRM_COMPANY", "USER", "TASKS_TASK"]),
    ],
)
async def test_definitions_of_records_that_no_webhook_may_read_are_not_asked_for(
    scopes: set[str] | None, kinds: list[str]
) -> None:
    known = Webhook("1", "Anna", True, None if scopes is None else frozenset(scopes), connected(lambda body: body))
    cut = await READERS["custom_field"](reading(Webhooks([], (known,)))).cut(1, NothingYet())
    assert [list(cursor["kinds"]) for cursor in cut.cursors] == [kinds]


def test_templates_of_recurring_deals_are_no_deals() -> None:
    rows = [{"id": 1, "isRecurring": "N"}, {"id": 2, "isRecurring": "Y"}, {"id": 3}]
    assert [one.id for one in _rows("deal", _batch(p00={"items": rows}))] == ["1", "3"]


@pytest.mark.parametrize(
    ("first", "last", "most", "ranges"),
    [
        (1, 1, 8, [(0, None)]),
        (10, 2509, 8, [(9, None)]),
        (1, 5000, 8, [(0, 4950), (4950, None)]),
        (101, 10_100, 2, [(100, 7550), (7550, None)]),
        (1, 40_000, 16, [*((after, after + 4950) for after in range(0, 39_600, 4950)), (39_600, None)]),
    ],
)
def test_ids_are_cut_without_a_hole(first: int, last: int, most: int, ranges: list[tuple[int, int | None]]) -> None:
    assert id_ranges(first, last, most) == ranges


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(1, 50))
def test_ranges_of_ids_are_no_more_than_asked_for_and_hold_every_id(first: int, more: int, most: int) -> None:
    ranges = id_ranges(first, first + more, most)
    assert len(ranges) <= most
    assert [upto for _, upto in ranges] == [*(after for after, _ in ranges[1:]), None]
    assert ranges[0][0] == first - 1 <= ranges[-1][0] <= first + more


def test_a_range_is_asked_for_as_many_pages_as_it_probably_holds() -> None:
    sparse = {"after": 0, "upto": 10_000, "filled": filled(1, 20_000, 5_000)}
    assert pages_left(sparse) == 52
    assert pages_left({**sparse, "filled": filled(1, 20_000, None)}) == 200
    assert pages_left({"after": 900, "upto": None, "highest": 1_000}) == 3
    assert pages_left({"after": 900, "upto": None}) is None
