"""Source fields that nobody decided about are named."""

from typing import Any

import pytest

from shared.transform.coverage import FURTHER, MOST_NAMES, added_up
from shared.transform.mapping_documents import MappingError, read_mapping
from shared.transform.tables import Table

FIELDS: dict[str, Any] = {
    "name": {"from": ["TITLE", "NAME"]},
    "chat": {"from": "details.chatId"},
    "members": {"from": "members", "many": True, "fields": {"id": {"from": "ID"}}},
}
IGNORED = {"LOGO": "not needed", "UF_*": "none of them", "details.guid": "the portal's own"}
MAPPING = read_mapping("group", {"field": FIELDS, "ignore": IGNORED})


@pytest.mark.parametrize("name", ["NAME", "TITLE", "LOGO", "UF_CRM_1", "members"])
def test_what_is_mapped_or_ignored_is_decided(name: str) -> None:
    assert MAPPING.coverage.undecided([{name: [{"ID": 1}]}]) == {}


def test_a_new_field_is_named_with_the_number_of_rows_that_hold_something() -> None:
    rows: list[dict[str, Any]] = [{"SITE": "s1"}, {"SITE": 0}, {"SITE": ""}, {"SITE": None}, {"NAME": "x", "AREA": []}]
    assert MAPPING.coverage.undecided(rows) == {"AREA": 0, "SITE": 2}


def test_objects_of_which_fields_are_mapped_are_looked_into() -> None:
    details = {"chatId": 1, "guid": "{1}", "mark": "P"}
    rows: list[dict[str, Any]] = [{"details": details}, {"details": []}]
    assert MAPPING.coverage.undecided(rows) == {"details.mark": 1}


def test_objects_that_are_mapped_whole_are_not_looked_into() -> None:
    assert MAPPING.coverage.undecided([{"members": [{"ID": 1, "ROLE": "A"}]}]) == {}


def test_a_table_decides_about_the_fields_that_it_names() -> None:
    def maker(_making: object) -> None:
        return None

    table = {"group": Table(None, ("UF_A",), {"UF_B": "not wanted"})}
    rules = {"field": {"custom": {"make": "custom", "table": "white_list"}}}
    mapping = read_mapping("group", rules, {"custom": maker}, {"white_list": table})
    assert mapping.coverage.undecided([{"UF_A": 1, "UF_B": 2, "UF_C": 3}]) == {"UF_C": 1}


@pytest.mark.parametrize("reason", ["", None, 1])
def test_nothing_is_ignored_without_a_reason(reason: Any) -> None:
    with pytest.raises(MappingError, match="LOGO is ignored without a reason"):
        read_mapping("group", {"field": FIELDS, "ignore": {"LOGO": reason}})


@pytest.mark.parametrize("rule", [{"from": "A", "table": "codes"}, {"make": "markup", "table": "coeds"}])
def test_a_table_goes_with_a_maker_and_exists(rule: Any) -> None:
    with pytest.raises(MappingError, match=r"group\.x: 'table' goes with 'make'; there are codes"):
        read_mapping("group", {"field": {"x": rule}}, {}, {"codes": {}})


def test_a_slice_names_a_bounded_number_of_fields_and_those_in_use_first() -> None:
    rows = [{f"UNUSED_{number}": None for number in range(2 * MOST_NAMES)} | {"USED": 1, "UNUSED_7": "once"}]
    found = MAPPING.coverage.undecided(rows)
    assert len(found) == MOST_NAMES + 1
    assert (found["USED"], found["UNUSED_7"], found[FURTHER]) == (1, 1, 0)


def test_what_slices_found_adds_up() -> None:
    slices = [{"AREA": 1, "SITE": 0}, {"AREA": 2, FURTHER: 4}]
    assert added_up(slices) == {"AREA": 3, "SITE": 0, FURTHER: 4}


def test_rows_in_use_count_even_where_their_field_is_not_named() -> None:
    slices = [{f"UF_X_{number}": 2 for number in range(MOST_NAMES)}, {"UF_Y": 1}]
    assert added_up(slices)[FURTHER] == 1
