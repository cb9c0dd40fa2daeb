"""Who watches a transformation sees each field as it is made, and changes nothing by it."""

from typing import Any

import pytest

from shared.model.errors import RecordRejected
from shared.model.records import SourceRecord
from shared.transform.making import Making
from shared.transform.mapping_documents import read_mapping
from shared.transform.references import Pending
from shared.transform.watching import Made


def shout(making: Making) -> str | None:
    making.flaws.append("shout lost its tone")
    value = making.value()
    return None if value is None else str(value).upper()


DOCUMENT: dict[str, Any] = {
    "field": {
        "title": {"from": ["TITLE", "NAME"], "step": "line", "required": True},
        "owner_id": {"from": "OWNER", "reference": "user"},
        "state": {"from": "STATE", "step": "choice", "values": {"1": "open"}},
        "note": {"from": "NOTE", "make": "shout"},
    }
}
MAPPING = read_mapping("task", DOCUMENT, makers={"shout": shout})
RECORD = SourceRecord("7", {"NAME": " Buy  milk ", "OWNER": "5", "STATE": "9", "NOTE": "soon"})


def watched(record: SourceRecord = RECORD) -> dict[str, Made]:
    steps: list[Made] = []
    MAPPING.apply(record, watch=steps.append)
    return {one.field: one for one in steps}


def test_each_field_is_told_in_order_with_what_makes_it() -> None:
    assert [(one.field, one.by) for one in watched().values()] == [
        ("title", "step line"),
        ("owner_id", "reference to user"),
        ("state", "step choice"),
        ("note", "maker shout"),
    ]


def test_what_a_field_was_and_is_is_told() -> None:
    title = watched()["title"]
    assert (title.before, title.after) == ({"TITLE": None, "NAME": " Buy  milk "}, "Buy milk")


def test_references_are_told_before_they_are_resolved() -> None:
    assert watched()["owner_id"].after == Pending("user", "5", required=False)


def test_flaws_are_told_with_the_field_that_has_them() -> None:
    assert {name: one.flaws for name, one in watched().items() if one.flaws} == {
        "state": ("state is none of 1",),
        "note": ("shout lost its tone",),
    }


def test_the_field_that_refuses_the_record_is_the_last_one() -> None:
    steps: list[Made] = []
    with pytest.raises(RecordRejected):
        MAPPING.apply(SourceRecord("7", {}), watch=steps.append)
    assert [(one.field, one.refused) for one in steps] == [("title", "title has no value")]


def test_the_record_is_the_same_whether_somebody_watches_or_not() -> None:
    assert MAPPING.apply(RECORD, watch=lambda _made: None) == MAPPING.apply(RECORD)
