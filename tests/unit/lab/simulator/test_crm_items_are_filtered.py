"""Filters of ``crm.item.list`` on the simulated portal, and what it refuses."""

from typing import Any

import pytest

from lab.simulators.bitrix24.world import World
from tests.unit.lab.simulator.crm_items import Json, by_id, crm_world, items, refused


@pytest.fixture(scope="module")
def world() -> World:
    return crm_world()


def test_an_unknown_field_in_a_filter_is_refused(world: World) -> None:
    code, description = refused(world, filter={">=nonsense": 1})

    assert (code, description) == ("INVALID_ARG_VALUE", "Invalid filter: field 'nonsense' is not allowed in filter")


def test_an_unknown_field_in_a_nested_group_is_refused(world: World) -> None:
    assert refused(world, filter={"0": {"logic": "OR", "0": {"nonsense": 1}}})[0] == "INVALID_ARG_VALUE"


@pytest.mark.parametrize("order", [{"nonsense": "ASC"}, {"id": "sideways"}])
def test_an_order_that_cannot_be_is_refused(world: World, order: Json) -> None:
    assert refused(world, order=order)[0] == "INVALID_ARG_VALUE"


def chosen(world: World, conditions: Any) -> list[Json]:
    return list(by_id(world, filter=conditions, useOriginalUfNames="Y"))


@pytest.mark.parametrize(
    ("conditions", "meets"),
    [
        ({"categoryId": 9}, lambda row: row["categoryId"] == 9),
        ({"=categoryId": "0"}, lambda row: row["categoryId"] == 0),
        ({"!=categoryId": 0}, lambda row: row["categoryId"] != 0),
        ({"@stageId": ["NEW", "C1:NEW"]}, lambda row: row["stageId"] in ("NEW", "C1:NEW")),
        ({"!@categoryId": [0, 1]}, lambda row: row["categoryId"] == 9),
        ({">opportunity": 1_000_000}, lambda row: row["opportunity"] > 1_000_000),
        ({"%title": "crm"}, lambda row: "crm" in row["title"].lower()),
        ({"!%title": "crm"}, lambda row: "crm" not in row["title"].lower()),
        ({"=%title": "Website%"}, lambda row: row["title"].startswith("Website")),
        ({"opened": "Y"}, lambda row: row["opened"] == "Y"),
        ({"companyId": 0}, lambda row: not row["companyId"]),
        ({"UF_CRM_IS_VIP": 1}, lambda row: row["UF_CRM_IS_VIP"] == "Y"),
        ({"UF_CRM_1713790573": 3163}, lambda row: 3163 in row["UF_CRM_1713790573"]),
        ({"@id": [1, 2, 3]}, lambda row: row["id"] in (1, 2, 3)),
        ({">=UPDATED_TIME": "2024-01-01T00:00:00+02:00"}, lambda row: row["updatedTime"] >= "2024"),
    ],
)
def test_a_filter_keeps_what_meets_it(world: World, conditions: Json, meets: Any) -> None:
    found = [row["id"] for row in chosen(world, conditions)]

    assert found == [row["id"] for row in world.truth("deal") if meets(row)]
    assert 0 < len(found) < 330


def test_a_boolean_custom_field_is_not_found_by_its_letter(world: World) -> None:
    assert chosen(world, {"UF_CRM_IS_VIP": "Y"}) == []


def test_groups_may_be_alternatives(world: World) -> None:
    either = {"logic": "OR", "0": {"stageId": "WON"}, "1": {">opportunity": 1_900_000, "categoryId": 1}}
    found = chosen(world, {"0": either, "isManualOpportunity": "Y"})

    def meets(row: Json) -> bool:
        rich = row["opportunity"] > 1_900_000 and row["categoryId"] == 1
        return bool((row["stageId"] == "WON" or rich) and row["isManualOpportunity"] == "Y")

    assert [row["id"] for row in found] == [row["id"] for row in world.truth("deal") if meets(row)]
    assert found


def test_the_whole_filter_may_be_alternatives(world: World) -> None:
    found = items(world, filter={"logic": "OR", "0": {"id": 1}, "1": {"id": 2}}, order={"id": "ASC"})

    assert [row["id"] for row in found] == [1, 2]


def test_a_date_that_is_none_finds_nothing(world: World) -> None:
    assert items(world, filter={">updatedTime": "yesterday"}) == []


def test_a_bound_that_is_no_number_is_void(world: World) -> None:
    first, void = (items(world, filter={">id": last}, order={"id": "ASC"}, select=["id"]) for last in (0, [{"id": 7}]))

    assert void == first
