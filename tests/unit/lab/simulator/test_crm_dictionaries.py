"""What describes the CRM of the simulated portal: funnels, dictionaries, types, custom fields."""

from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

BOTH = frozenset({"crm", "userfieldconfig"})
Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(
        Size(users=10, departments=1, groups=0, deals=120, contacts=20, companies=20, smart_types=60, smart_items=300)
    )


def ask(world: World, method: str, scopes: frozenset[str] = BOTH, **parameters: Any) -> Reply:
    return find(method).handle(world, Caller(1, "secret", scopes), parameters)


def refused(world: World, method: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(PortalError) as caught:
        ask(world, method, **parameters)
    return caught.value.code, caught.value.description


def test_the_default_funnel_is_number_zero_and_has_no_origin(world: World) -> None:
    reply = ask(world, "crm.category.list", entityTypeId=2)

    funnels = {row["id"]: row for row in reply.result["categories"]}
    assert list(funnels) != sorted(funnels)
    assert (funnels[0]["isDefault"], "originId" in funnels[0], "originId" in funnels[1]) == ("Y", False, True)
    assert (reply.total, reply.next) == (3, None)


def test_funnels_of_a_missing_type_are_not_found(world: World) -> None:
    assert refused(world, "crm.category.list", entityTypeId=4000) == ("NOT_FOUND", "Smart process not found")


def test_every_record_is_in_a_stage_of_its_funnel(world: World) -> None:
    stages = {row["STATUS_ID"] for row in ask(world, "crm.status.list").result}
    used = {row["stageId"] for entity in ("deal", "smart_process_item") for row in world.truth(entity)}

    assert used - {None} <= stages
    assert {"NEW", "C1:NEW", "DT128_9:SUCCESS"} <= stages


def test_the_stages_of_a_funnel_come_in_one_answer_of_texts(world: World) -> None:
    reply = ask(world, "crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE_1"}, order={"SORT": "DESC"})

    assert [row["STATUS_ID"] for row in reply.result] == [
        "C1:LOSE",
        "C1:WON",
        "C1:UC_KN8KFI",
        "C1:PREPARATION",
        "C1:NEW",
    ]
    assert reply.result[0] | {"ID": "", "NAME": "", "NAME_INIT": ""} == {
        "ID": "",
        "ENTITY_ID": "DEAL_STAGE_1",
        "STATUS_ID": "C1:LOSE",
        "NAME": "",
        "NAME_INIT": "",
        "SORT": "50",
        "SYSTEM": "Y",
        "CATEGORY_ID": "1",
        "COLOR": "#FFA900",
        "SEMANTICS": "F",
        "EXTRA": {"SEMANTICS": "failure", "COLOR": "#FFA900"},
    }


def test_the_kinds_of_dictionaries_name_the_prefix_of_their_codes(world: World) -> None:
    kinds = {row["ID"]: row for row in ask(world, "crm.status.entity.types").result}

    assert kinds["DYNAMIC_128_STAGE_9"]["PREFIX"] == "DT128_9"
    assert kinds["DEAL_STAGE_1"]["SEMANTIC_INFO"]["FINAL_SUCCESS_FIELD"] == "C1:WON"
    assert "PREFIX" not in kinds["DEAL_STAGE"]


def test_currencies_say_that_there_are_none(world: World) -> None:
    reply = ask(world, "crm.currency.list", order={"currency": "asc"})

    assert ([row["CURRENCY"] for row in reply.result], reply.total) == (["EUR", "RUB", "USD"], 0)


def test_types_come_in_pages(world: World) -> None:
    first, second = (ask(world, "crm.type.list", order={"id": "ASC"}, start=start) for start in (0, 50))

    assert (len(first.result["types"]), first.next, first.total) == (50, 50, 60)
    assert (len(second.result["types"]), second.next) == (10, None)


def test_a_type_has_a_number_of_its_own(world: World) -> None:
    row = next(row for row in world.truth("smart_process_type") if row["entityTypeId"] == 128)
    by_number = ask(world, "crm.type.get", id=row["id"]).result["type"]
    by_entity = ask(world, "crm.type.getByEntityTypeId", entityTypeId=128).result["type"]

    assert row["id"] != 128
    assert by_number == by_entity
    assert by_number["relations"]["parent"][-1]["entityTypeId"] == 2
    assert refused(world, "crm.type.get", id=128) == ("0", "Smart process not found")


def test_types_have_numbers_of_their_own_each(world: World) -> None:
    rows = world.truth("smart_process_type")

    assert len({row["entityTypeId"] for row in rows}) == len({row["id"] for row in rows}) == 60
    assert all(row["entityTypeId"] <= 192 or row["entityTypeId"] >= 1030 for row in rows)


def test_labels_of_custom_fields_come_with_a_language_only(world: World) -> None:
    silent, spoken = (ask(world, "crm.deal.userfield.list", filter=given).result[0] for given in ({}, {"LANG": "ru"}))

    assert "EDIT_FORM_LABEL" not in silent
    assert spoken["EDIT_FORM_LABEL"] == "Номер договора"


def test_the_classic_list_has_the_options_of_enumerations(world: World) -> None:
    found = ask(world, "crm.deal.userfield.list", filter={"USER_TYPE_ID": "enumeration"}).result

    assert [option["VALUE"] for option in found[0]["LIST"]] == ["Разовый", "Рамочный", "R&D"]
    assert len({option["XML_ID"] for option in found[0]["LIST"]}) == 3


def test_the_universal_list_has_them_only_one_by_one(world: World) -> None:
    asked: Json = {"moduleId": "crm", "filter": {"entityId": "CRM_3"}, "select": {"0": "*", "language": "ru"}}
    listed = ask(world, "userfieldconfig.list", **asked).result["fields"]
    enumeration = next(row for row in listed if row["userTypeId"] == "enumeration")
    whole = ask(world, "userfieldconfig.get", moduleId="crm", id=enumeration["id"]).result["field"]

    assert enumeration["fieldName"].startswith("UF_CRM_3_")
    assert "enum" not in enumeration
    assert whole == {**enumeration, "enum": whole["enum"]}
    assert whole in world.truth("custom_field")


def test_the_universal_list_has_pages(world: World) -> None:
    reply = ask(world, "userfieldconfig.list", moduleId="crm", start=50)

    assert (len(reply.result["fields"]), reply.next, reply.total) == (50, 100, len(world.truth("custom_field")))
    assert "editFormLabel" not in reply.result["fields"][0]


def test_definitions_of_custom_fields_need_both_scopes(world: World) -> None:
    with pytest.raises(PortalError) as caught:
        ask(world, "userfieldconfig.list", frozenset({"userfieldconfig"}), moduleId="crm")

    assert (caught.value.code, find("userfieldconfig.list").scope) == ("insufficient_scope", "userfieldconfig")


def test_records_have_the_custom_fields_that_are_defined_for_them(world: World) -> None:
    kind = world.crm.types[1]
    defined = {row["fieldName"] for row in world.truth("custom_field") if row["entityId"] == f"CRM_{kind.id}"}
    row = next(row for row in world.truth("smart_process_item") if row["entityTypeId"] == kind.entity_type_id)

    assert {name for name in row if name.startswith("UF_")} == defined
