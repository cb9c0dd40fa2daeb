"""From recorded answers of the CRM and of workflows to rows."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.bitrix24.families import READERS
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.details import detail_key
from connectors.bitrix24.readers.ranges import id_ranges
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import RetryLater
from shared.model.records import SourceRecord
from tests.unit.bitrix24_stand_in import reading

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
    records = _rows("crm_category", note({"types": [2]}), _batch(**{detail_key(0, "2"): result}))
    assert [one.id for one in records] == ["2:9", "2:10", "2:11", "2:0"]
    assert [one.data for one in records] == result["categories"]


@pytest.mark.parametrize("result", [None, [], {"categories": None}])
def test_no_list_of_funnels_is_not_an_empty_one(result: Any) -> None:
    with pytest.raises(RetryLater):
        _rows("crm_category", note({"types": [2]}), _batch(**{detail_key(0, "2"): result}))


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
    records = _rows("custom_field", note({"kind": kind}), _single(body))
    assert [(one.id, one.data) for one in records] == [(f"{kind}:{row['FIELD_NAME']}", row) for row in body["result"]]


def test_a_recorded_enumeration_is_given_its_values() -> None:
    listed, whole = _success("userfieldconfig.list"), _success("userfieldconfig.get")["result"]
    (row,) = listed["result"]["fields"]
    values = _batch(**{detail_key(0, row["id"]): whole})
    (record,) = _rows("custom_field", note({"kind": "CRM_7"}), note({"new": None}), _single(listed), values)
    assert (record.id, record.data) == (f"CRM_7:{row['fieldName']}", row | {"enum": whole["field"]["enum"]})


def test_definitions_that_could_not_be_read_are_no_rows() -> None:
    assert _rows("custom_field", note({"kind": "USER", "unreadable": "source.denied"})) == ()


def test_templates_of_recurring_deals_are_no_deals() -> None:
    rows = [{"id": 1, "isRecurring": "N"}, {"id": 2, "isRecurring": "Y"}, {"id": 3}]
    assert [one.id for one in _rows("deal", _batch(p00={"items": rows}))] == ["1", "3"]


@pytest.mark.parametrize(
    ("first", "last", "most", "ranges"),
    [
        (1, 1, 8, [(0, None)]),
        (10, 2509, 8, [(9, None)]),
        (1, 5000, 8, [(0, 2500), (2500, None)]),
        (101, 10_100, 2, [(100, 5100), (5100, None)]),
    ],
)
def test_ids_are_cut_without_a_hole(first: int, last: int, most: int, ranges: list[tuple[int, int | None]]) -> None:
    assert id_ranges(first, last, most) == ranges
