"""``crm.item.*`` of the simulated portal."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.crm.custom import camel
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

DEAL, CONTACT, COMPANY = 2, 3, 4
CALLER = Caller(1, "secret", frozenset({"crm"}))
Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(
        Size(users=30, departments=2, groups=0, deals=330, contacts=220, companies=90, smart_types=3, smart_items=100)
    )


def listed(world: World, type_id: int = DEAL, **parameters: Any) -> Reply:
    return find("crm.item.list").handle(world, CALLER, {"entityTypeId": type_id, **parameters})


def items(world: World, type_id: int = DEAL, **parameters: Any) -> list[Json]:
    found: list[Json] = listed(world, type_id, **parameters).result["items"]
    return found


def by_id(world: World, type_id: int = DEAL, **parameters: Any) -> Iterator[Json]:
    """Everything, page by page."""
    last = 0
    while True:
        wanted = {"filter": {**parameters.get("filter", {}), ">id": last}, "order": {"id": "ASC"}, "start": -1}
        page = items(world, type_id, **{**parameters, **wanted})
        yield from page
        if len(page) < 50:
            return
        last = page[-1]["id"]


def refused(world: World, method: str = "crm.item.list", **parameters: Any) -> tuple[str, str]:
    with pytest.raises(PortalError) as caught:
        find(method).handle(world, CALLER, {"entityTypeId": DEAL, **parameters})
    return caught.value.code, caught.value.description


def unsigned(row: Json) -> Json:
    """Without what is signed anew each time."""
    return {name: value for name, value in row.items() if "urlMachine" not in str(value)}


@pytest.mark.parametrize(("type_id", "entity"), [(DEAL, "deal"), (CONTACT, "contact"), (COMPANY, "company")])
def test_paging_by_id_reads_what_the_truth_holds(world: World, type_id: int, entity: str) -> None:
    seen = by_id(world, type_id, select=["*"], useOriginalUfNames="Y")

    assert [unsigned(row) for row in seen] == [unsigned(row) for row in world.truth(entity)]


def test_items_of_all_smart_processes_are_in_the_truth_with_their_type(world: World) -> None:
    seen = [(kind.entity_type_id, row["id"]) for kind in world.crm.types for row in by_id(world, kind.entity_type_id)]

    assert seen == [(row["entityTypeId"], row["id"]) for row in world.truth("smart_process_item")]
    assert len(seen) == 100
    assert len({number for _, number in seen}) < 100


def test_ids_ascend_with_gaps(world: World) -> None:
    ids = [row["id"] for row in by_id(world, select=["id"])]

    assert ids == sorted(set(ids))
    assert ids[-1] > len(ids)


def test_a_start_of_minus_one_counts_nothing(world: World) -> None:
    reply = listed(world, order={"id": "ASC"}, start=-1)

    assert (len(reply.result["items"]), reply.total, reply.next) == (50, 0, None)


def test_the_start_is_a_literal_offset(world: World) -> None:
    first, shifted = (listed(world, order={"id": "ASC"}, start=start) for start in (0, 10))

    assert shifted.result["items"][0]["id"] == first.result["items"][10]["id"]
    assert (first.next, shifted.next, first.total) == (50, 60, 330)


def test_a_page_beyond_the_end_is_empty(world: World) -> None:
    reply = listed(world, start=5000)

    assert (reply.result["items"], reply.next, reply.total) == ([], None, 330)


def test_the_last_page_names_no_next(world: World) -> None:
    assert listed(world, start=300).next is None


def test_without_an_order_every_deal_comes_once_and_not_by_id(world: World) -> None:
    ids = [row["id"] for start in range(0, 330, 50) for row in items(world, start=start)]

    assert ids != sorted(ids)
    assert sorted(ids) == [row["id"] for row in world.truth("deal")]


def test_an_order_sorts_by_any_field(world: World) -> None:
    amounts = [row["opportunity"] for row in items(world, order={"opportunity": "DESC"})]

    assert amounts == sorted(amounts, reverse=True)


def test_only_selected_fields_come_and_the_id(world: World) -> None:
    row = items(world, select=["title", "UF_CRM_IS_VIP", "nonsense"])[0]

    assert set(row) == {"id", "title", "ufCrmIsVip"}


def test_phones_come_only_when_everything_is_selected(world: World) -> None:
    named, starred = (items(world, CONTACT, select=select)[0] for select in (["id", "fm"], ["*"]))

    assert "fm" not in named
    assert {"fm", "entityTypeId"} <= set(starred)


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


def test_one_item_comes_with_everything(world: World) -> None:
    row = find("crm.item.get").handle(world, CALLER, {"entityTypeId": CONTACT, "id": 1}).result["item"]

    assert {"fm", "phoneWork", "emailWork", "entityTypeId", "ufCrmIsVip"} <= set(row)


def test_a_missing_item_is_not_found(world: World) -> None:
    assert refused(world, "crm.item.get", id=999_999) == ("NOT_FOUND", "Element not found")


@pytest.mark.parametrize("method", ["crm.item.list", "crm.item.get", "crm.item.fields"])
def test_a_missing_type_is_not_found(world: World, method: str) -> None:
    assert refused(world, method, entityTypeId=4000) == ("NOT_FOUND", "Smart process not found")


def test_templates_of_recurring_deals_are_not_listed_but_can_be_had(world: World) -> None:
    template = min(world.crm.records[DEAL].templates)
    row = find("crm.item.get").handle(world, CALLER, {"entityTypeId": DEAL, "id": template}).result["item"]

    assert row["isRecurring"] == "Y"
    assert items(world, filter={"id": template}) == []


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
