"""Funnels by type: what one smart process refuses costs the others nothing."""

import pytest

from connectors.bitrix24.families.crm_settings import CategoryReader
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced

FUNNEL = {"categories": [{"id": 5, "name": "Sales"}]}


def reader_of(refusals: dict[str, str]) -> CategoryReader:
    """A portal that refuses some types (by number) with a code, and has one funnel of every other."""

    def answer(body: JsonObject) -> JsonObject:
        results: dict[str, Json] = {}
        errors: dict[str, Json] = {}
        for key, command in body["cmd"].items():
            code = refusals.get(command.rpartition("=")[2])
            if code is None:
                results[key] = FUNNEL
            else:
                errors[key] = {"error": code, "error_description": ""}
        return {"result": {"result": results or [], "result_error": errors or []}}

    return CategoryReader(introduced(answer))


async def test_a_smart_process_that_denies_its_funnels_is_lost_and_the_others_are_read() -> None:
    page = await reader_of({"1030": "ACCESS_DENIED"}).read({"types": [2, 1030, 1032]}, NothingYet())
    assert [one.id for one in page.records] == ["2:5", "1032:5"]
    assert [(one.id, one.reason) for one in page.lost] == [("1030:all", "source.denied")]


async def test_a_smart_process_that_has_no_funnels_has_no_rows() -> None:
    page = await reader_of({"1030": "NOT_FOUND"}).read({"types": [2, 1030]}, NothingYet())
    assert ([one.id for one in page.records], page.lost) == (["2:5"], ())


@pytest.mark.parametrize("refusals", [{"2": "ACCESS_DENIED"}, {"1030": "ERROR_METHOD_NOT_FOUND"}])
async def test_a_portal_that_shows_no_funnels_of_deals_stops_the_entity(refusals: dict[str, str]) -> None:
    with pytest.raises(EntityStopped):
        await reader_of(refusals).read({"types": [2, 1030]}, NothingYet())
