"""Filters with prefixes and the two paging families (API facts §3.1, §4.1, §9.6)."""

from typing import Any

import pytest

from lab.simulators.bitrix24.lists import Row, Table, meets, page

ROWS: list[Row] = [{"ID": str(number), "NAME": f"n{number}"} for number in (1, 2, 5, 9)]


def _ids(conditions: dict[str, Any], *, descending: bool = False) -> list[str]:
    return [row["ID"] for row in Table(list(ROWS)).select(conditions, descending=descending)]


@pytest.mark.parametrize(
    ("key", "wanted", "found"),
    [
        (">ID", 2, ["5", "9"]),
        (">=ID", "2", ["2", "5", "9"]),
        ("<ID", 2, ["1"]),
        ("<=ID", 2, ["1", "2"]),
        ("ID", 5, ["5"]),
        ("=ID", "5", ["5"]),
        ("!ID", 5, ["1", "2", "9"]),
        ("@ID", ["1", 9, 77], ["1", "9"]),
        ("!@ID", [1, 9], ["2", "5"]),
        ("%NAME", "N5", ["5"]),
        ("!%NAME", "5", ["1", "2", "9"]),
        ("=%NAME", "%9%", ["9"]),
    ],
)
def test_a_prefix_decides_how_a_field_is_compared(key: str, wanted: Any, found: list[str]) -> None:
    assert _ids({key: wanted}) == found


def test_conditions_are_met_together_in_either_order() -> None:
    assert _ids({">ID": 1, "<ID": 9}, descending=True) == ["5", "2"]


def test_an_id_that_is_no_number_is_no_condition() -> None:
    assert _ids({">ID": [{"ID": "5"}]}) == ["1", "2", "5", "9"]


@pytest.mark.parametrize(
    ("value", "prefix", "wanted", "met"),
    [
        ("2025-03-01T10:00:00+03:00", ">", "2025-03-01T09:00:00+02:00", False),
        ("2025-03-01T10:00:00+03:00", ">=", "2025-03-01T07:00:00+00:00", True),
        ("2025-03-01T10:00:00+03:00", ">", "2025-03-01 09:59:59", True),
        ("2025-03-01T10:00:00+03:00", ">", "01.03.2025", False),
        ("2025-03-01T10:00:00+03:00", "<", "soon", False),
        ("20250301", ">", "9", True),
        ("9.50", "<", 10, True),
        ("b", ">", "a", True),
        (True, "=", "Y", True),
        (False, "", "0", True),
        ([3, 4], "=", 4, True),
    ],
)
def test_values_are_compared_as_what_they_are(value: Any, prefix: str, wanted: Any, met: bool) -> None:
    assert meets(value, prefix, wanted) is met


def test_a_newer_kernel_takes_any_start_and_is_empty_beyond_the_end() -> None:
    rows: list[Row] = [{"ID": str(number)} for number in range(70)]
    assert page(rows, 10, literal=True).rows[0] == rows[10]
    assert page(rows, 5_000, literal=True).rows == []


def test_an_older_kernel_rounds_a_start_down_and_begins_again_beyond_the_end() -> None:
    rows: list[Row] = [{"ID": str(number)} for number in range(70)]
    assert page(rows, 60, literal=False).rows == rows[50:]
    assert page(rows, 5_000, literal=False) == page(rows, 0, literal=False)
    assert page(rows, 0, literal=False).next == 50


def test_a_table_keeps_its_order_when_rows_come_change_and_go() -> None:
    table = Table(list(ROWS))
    table.put({"ID": "3"})
    table.put({"ID": "5", "NAME": "new"})
    table.remove(1)
    table.remove(77)
    assert table.ids == [2, 3, 5, 9]
    assert (table.find(5), table.find(1)) == ({"ID": "5", "NAME": "new"}, None)
