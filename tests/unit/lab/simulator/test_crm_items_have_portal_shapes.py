"""Values and fields of ``crm.item.*`` on the simulated portal."""

import pytest

from lab.simulators.bitrix24.crm.custom import camel
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.world import World
from tests.unit.lab.simulator.crm_items import CALLER, CONTACT, DEAL, by_id, crm_world, items, refused


@pytest.fixture(scope="module")
def world() -> World:
    return crm_world()


def test_values_have_their_native_types(world: World) -> None:
    row = items(world, select=["*"])[0]

    kinds = {name: type(row[name]) for name in ("id", "assignedById", "opened", "contactIds", "title")}
    assert kinds == {"id": int, "assignedById": int, "opened": str, "contactIds": list, "title": str}
    assert isinstance(row["opportunity"], int | float)


def test_no_company_is_zero_or_null(world: World) -> None:
    values = [row["companyId"] for row in world.truth("deal")]

    assert {one for one in values if not one} == {0, None}


def test_dates_are_midnight_shifted_by_the_zone(world: World) -> None:
    times = {row["begindate"][10:] for row in world.truth("deal")}

    assert times == {"T02:00:00+02:00", "T03:00:00+03:00"}


def test_a_file_is_known_by_a_signed_url(world: World) -> None:
    scan = next(row["UF_CRM_SCAN"] for row in world.truth("deal") if row["UF_CRM_SCAN"])

    assert set(scan) == {"id", "url", "urlMachine"}
    assert "token=crm" in scan["urlMachine"]


def test_enumerations_hold_the_ids_of_their_options(world: World) -> None:
    field = next(one for one in world.crm.custom if one.name == "UF_CRM_CONTRACT_KIND")
    values = {row["UF_CRM_CONTRACT_KIND"] for row in world.truth("deal")}

    assert values == {None, *(option.id for option in field.options)}


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("UF_CRM_3_DIGIT", "ufCrm3Digit"),
        ("UF_CRM_3_DIGIT10", "ufCrm_3_DIGIT10"),
        ("UF_CRM_3_DIGIT_10", "ufCrm_3_DIGIT_10"),
        ("UF_CRM_3_1747309727", "ufCrm3_1747309727"),
        ("UF_CRM_1747309879", "ufCrm_1747309879"),
        ("UF_CRM_IS_VIP", "ufCrmIsVip"),
    ],
)
def test_custom_names_are_spelled_in_camel_case_where_that_can_be_undone(name: str, spelled: str) -> None:
    assert camel(name) == spelled


@pytest.mark.parametrize(("original", "name"), [("N", "ufCrmIsVip"), ("Y", "UF_CRM_IS_VIP")])
def test_custom_fields_keep_their_names_when_asked(world: World, original: str, name: str) -> None:
    assert name in items(world, useOriginalUfNames=original)[0]


def test_one_item_comes_with_everything(world: World) -> None:
    row = find("crm.item.get").handle(world, CALLER, {"entityTypeId": CONTACT, "id": 1}).result["item"]

    assert {"fm", "phoneWork", "emailWork", "entityTypeId", "ufCrmIsVip"} <= set(row)


def test_a_missing_item_is_not_found(world: World) -> None:
    assert refused(world, "crm.item.get", id=999_999) == ("NOT_FOUND", "Element not found")


@pytest.mark.parametrize("method", ["crm.item.list", "crm.item.get", "crm.item.fields"])
def test_a_missing_type_is_not_found(world: World, method: str) -> None:
    assert refused(world, method, entityTypeId=4000) == ("NOT_FOUND", "Smart process not found")


def test_some_deals_have_contacts_that_cannot_be_read(world: World) -> None:
    known = {row["id"] for row in world.truth("contact")}
    used = {number for row in world.truth("deal") for number in row["contactIds"]}

    assert used - known
    assert used & known


def test_items_are_linked_to_their_parents(world: World) -> None:
    first, second, _ = (kind.entity_type_id for kind in world.crm.types)
    names = {type_id: set(items(world, type_id)[0]) for type_id in (DEAL, first, second)}

    assert f"parentId{first}" in names[DEAL]
    assert "parentId2" in names[first]
    assert {"parentId2", f"parentId{first}"} <= names[second]


def test_a_feature_that_is_off_leaves_its_fields_empty_and_undescribed(world: World) -> None:
    second = world.crm.types[1].entity_type_id
    described = find("crm.item.fields").handle(world, CALLER, {"entityTypeId": second}).result["fields"]

    assert {row["stageId"] for row in by_id(world, second)} == {None}
    assert "stageId" not in described


def test_fields_are_described_under_the_names_that_items_have(world: World) -> None:
    described = find("crm.item.fields").handle(world, CALLER, {"entityTypeId": DEAL}).result["fields"]

    assert set(described) <= set(items(world, select=["*"])[0])
    assert described["assignedById"]["upperName"] == "ASSIGNED_BY_ID"
    assert described["ufCrmContractKind"]["items"][0] == {"ID": "3157", "VALUE": "Разовый"}


def test_texts_hold_what_people_write(world: World) -> None:
    texts = " ".join(f"{row['title']} {row['comments']}" for row in world.truth("deal"))

    assert all(part in texts for part in ("[B]", "<br />", "&quot;", "🚀", "Поставка", "\r\n"))
