"""``crm.deal.*``, ``crm.contact.*``, ``crm.company.*`` of the simulated portal."""

from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

CALLER = Caller(1, "secret", frozenset({"crm"}))
Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(
        Size(users=30, departments=2, groups=0, deals=230, contacts=220, companies=190, smart_types=1, smart_items=20)
    )


def ask(world: World, method: str, **parameters: Any) -> Reply:
    return find(method).handle(world, CALLER, parameters)


def rows(world: World, method: str, **parameters: Any) -> list[Json]:
    """Everything, page by page."""
    found: list[Json] = []
    while True:
        last = found[-1]["ID"] if found else 0
        page = ask(world, method, **{**parameters, "filter": {">ID": last}, "order": {"ID": "ASC"}, "start": -1}).result
        found += page
        if len(page) < 50:
            return found


def refused(world: World, method: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(PortalError) as caught:
        ask(world, method, **parameters)
    return caught.value.code, caught.value.description


def test_both_families_show_the_same_deals(world: World) -> None:
    classic = rows(world, "crm.deal.list", select=["*", "UF_*"])
    truth = world.truth("deal")

    def shared(row: Json) -> list[Any]:
        names = ("id", "title", "stageId", "updatedTime", "assignedById", "begindate", "comments", "parentId128")
        return [None if row[name] is None else str(row[name]) for name in names]

    names = ("ID", "TITLE", "STAGE_ID", "DATE_MODIFY", "ASSIGNED_BY_ID", "BEGINDATE", "COMMENTS", "PARENT_ID_128")
    assert [[row[name] for name in names] for row in classic] == [shared(row) for row in truth]


def test_every_scalar_of_a_deal_is_a_text_or_null(world: World) -> None:
    kinds = {type(value) for row in rows(world, "crm.deal.list") for value in row.values()}

    assert kinds == {str, type(None)}


def test_money_is_a_text_with_two_decimals_and_revenue_without(world: World) -> None:
    amounts = [row["OPPORTUNITY"] for row in rows(world, "crm.deal.list")]
    revenues = [row["REVENUE"] for row in rows(world, "crm.company.list")]

    assert all(one[-3] == "." for one in amounts)
    assert "0" in revenues
    assert not any("." in one for one in revenues)


def test_by_itself_a_list_has_standard_fields_only(world: World) -> None:
    row = ask(world, "crm.contact.list").result[0]

    assert not any(name.startswith("UF_") or name in ("PHONE", "EMAIL") for name in row)


def test_only_selected_fields_come(world: World) -> None:
    assert set(ask(world, "crm.deal.list", select=["TITLE"]).result[0]) == {"TITLE"}


def test_phones_come_when_selected_and_are_absent_where_there_are_none(world: World) -> None:
    contacts = rows(world, "crm.contact.list", select=["ID", "HAS_PHONE", "PHONE"])

    assert {("PHONE" in row, row["HAS_PHONE"]) for row in contacts} == {(True, "Y"), (False, "N")}
    phone = next(row["PHONE"][0] for row in contacts if "PHONE" in row)
    assert {name: type(value) for name, value in phone.items()} == dict.fromkeys(
        ("ID", "VALUE_TYPE", "VALUE", "TYPE_ID"), str
    )


def test_an_empty_custom_field_is_all_that_php_takes_for_nothing(world: World) -> None:
    deals = rows(world, "crm.deal.list", select=["ID", "UF_*"])

    assert {row["UF_CRM_1721244482250"] for row in deals} >= {"", None, False}
    assert [] in [row["UF_CRM_1713790573"] for row in deals]
    assert False in [row["UF_CRM_1713790573"] for row in deals]


def test_custom_fields_are_texts_too(world: World) -> None:
    deals = rows(world, "crm.deal.list", select=["ID", "UF_*"])

    assert {row["UF_CRM_IS_VIP"] for row in deals} == {"0", "1"}
    assert {"3157", "3159", "3161"} <= {row["UF_CRM_CONTRACT_KIND"] for row in deals}


def test_a_file_is_known_by_relative_urls(world: World) -> None:
    deals = rows(world, "crm.deal.list", select=["ID", "UF_CRM_SCAN"])
    scan = next(row["UF_CRM_SCAN"] for row in deals if row["UF_CRM_SCAN"])

    assert set(scan) == {"id", "showUrl", "downloadUrl"}
    assert scan["downloadUrl"].startswith("/")


def test_an_empty_date_is_an_empty_text(world: World) -> None:
    assert "" in {row["BIRTHDATE"] for row in rows(world, "crm.contact.list")}


def test_the_start_is_floored_to_a_page(world: World) -> None:
    ordered = {"order": {"ID": "ASC"}}
    first, floored = (ask(world, "crm.deal.list", **ordered, start=start) for start in (0, 10))

    assert floored == first
    assert (first.total, first.next) == (230, 50)


def test_a_start_beyond_the_end_answers_the_first_page_again(world: World) -> None:
    ordered = {"order": {"ID": "ASC"}}
    first, beyond = (ask(world, "crm.deal.list", **ordered, start=start).result for start in (0, 5000))

    assert beyond == first


def test_groups_and_unknown_fields_in_a_filter_are_void(world: World) -> None:
    reply = ask(world, "crm.deal.list", filter={"0": {"LOGIC": "OR", "0": {"ID": 1}}, "NONSENSE": 5})

    assert reply.total == 230


def test_a_filter_that_is_a_text_is_refused(world: World) -> None:
    assert refused(world, "crm.deal.list", filter="ID") == ("", "Parameter 'filter' must be array.")


def test_a_filter_keeps_what_meets_it(world: World) -> None:
    found = ask(world, "crm.deal.list", filter={"@STAGE_ID": ["C1:NEW"], "=CATEGORY_ID": "1"}, order={"ID": "ASC"})

    assert [int(row["ID"]) for row in found.result] == [
        row["id"] for row in world.truth("deal") if row["stageId"] == "C1:NEW"
    ]


@pytest.mark.parametrize("entity", ["deal", "contact", "company"])
def test_a_missing_record_is_an_error_without_a_code(world: World, entity: str) -> None:
    assert refused(world, f"crm.{entity}.get", ID=999_999) == ("", "Not found")
    assert refused(world, f"crm.{entity}.get") == ("", "ID is not defined or invalid.")


def test_one_record_comes_with_phones_and_custom_fields(world: World) -> None:
    number = next(row["id"] for row in world.truth("contact") if row["hasPhone"] == "Y")

    assert {"PHONE", "UF_CRM_IS_VIP", "ADDRESS_CITY"} <= set(ask(world, "crm.contact.get", ID=number).result)


def test_contacts_of_a_deal_are_described_but_only_the_primary_is_answered(world: World) -> None:
    described = ask(world, "crm.deal.fields").result
    row = ask(world, "crm.deal.get", id=1).result

    assert described["CONTACT_IDS"]["isMultiple"] is True
    assert "CONTACT_IDS" not in row
    assert "CONTACT_ID" in row


def test_a_deals_contacts_come_with_the_primary_one_first(world: World) -> None:
    deal = next(row for row in world.truth("deal") if len(row["contactIds"]) > 1)
    links = ask(world, "crm.deal.contact.items.get", id=deal["id"]).result

    assert [link["CONTACT_ID"] for link in links] == deal["contactIds"]
    assert [link["IS_PRIMARY"] for link in links[:2]] == ["Y", "N"]
    assert refused(world, "crm.deal.contact.items.get", id=999_999) == ("", "Not found.")


def test_our_own_companies_are_marked(world: World) -> None:
    assert {row["IS_MY_COMPANY"] for row in rows(world, "crm.company.list")} == {"Y", "N"}


def test_the_classic_family_calls_the_type_of_a_company_otherwise(world: World) -> None:
    described = ask(world, "crm.company.fields").result

    assert described["COMPANY_TYPE"]["statusType"] == "COMPANY_TYPE"
    assert "TYPE_ID" not in described
    assert described["UF_CRM_1721244482250"]["isDynamic"] is True


@pytest.mark.parametrize("method", ["crm.deal.add", "crm.contact.update", "crm.item.import", "crm.item.batchImport"])
def test_write_methods_change_nothing_and_are_known_as_such(world: World, method: str) -> None:
    assert find(method).reads is False
    assert ask(world, method, entityTypeId=2, fields={"title": "new"}).result is True
    assert len(world.truth("deal")) == 230
