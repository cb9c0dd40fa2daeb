"""What the plan makes of companies, contacts, deals and items of smart processes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lab.simulators.bitrix24.crm.data import Crm
from lab.simulators.bitrix24.people.data import Size
from plans.bitrix24_onprem.makers import MAKERS, TABLES
from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.schema.registry import SCHEMAS, validate
from shared.transform.making import Surroundings
from shared.transform.mapping import Mapping
from shared.transform.mapping_documents import read_mapping
from shared.transform.references import Pending, resolve
from shared.transform.tables import TableError

ROOT = Path(__file__).parents[2]
RECORDED = json.loads((ROOT / "tests/fixtures/bitrix24/doc-examples.json").read_text("utf-8"))
ENTITIES = ("company", "contact", "deal", "smart_process_item")
AROUND = Surroundings(frozenset({"portal.example"}), frozenset({"user", *ENTITIES}))

CODES = """
[deal.category_id]
"1" = "7"
"4" = "0"
[deal.stage_id]
"C1:LOSE" = "C7:UC_LOST"
[deal.type_code]
"SALE" = "1"
[smart_process_item.entity_type_id]
"128" = "1040"
[smart_process_item.category_id]
"9" = "12"
"""


def mapping_of(entity: str, codes: str = "") -> Mapping:
    path = ROOT / "plans" / "bitrix24_onprem" / "mappings" / f"{entity}.toml"
    tables = {"codes": TABLES["codes"](tomllib.loads(codes)), "custom_fields": TABLES["custom_fields"]({})}
    return read_mapping(entity, tomllib.loads(path.read_text("utf-8")), MAKERS, tables)


SHIPPED = {entity: mapping_of(entity) for entity in ENTITIES}
PORTAL = Crm(Size(seed=5, deals=150, contacts=90, companies=60, smart_types=5, smart_items=60), range(1, 40))
LEAST: dict[str, JsonObject] = {
    "company": {"title": "x"},
    "contact": {},
    "deal": {"title": "x", "stageId": "NEW"},
    "smart_process_item": {"title": "x", "entityTypeId": 128},
}


def made(entity: str, codes: str = "", **data: Json) -> JsonObject:
    mapping = mapping_of(entity, codes) if codes else SHIPPED[entity]
    return mapping.apply(SourceRecord("5", {**LEAST[entity], **data}), AROUND).data


def recorded(method: str) -> list[JsonObject]:
    (result,) = (one["body"]["result"] for one in RECORDED[method] if "error" not in one["body"])
    return list(result) if isinstance(result, list) else [result]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_field_of_the_contract_is_made(entity: str) -> None:
    assert {rule.name for rule in SHIPPED[entity].rules} == SCHEMAS[entity].model_fields.keys()


@pytest.mark.parametrize("entity", ENTITIES)
def test_whatever_the_simulated_portal_holds_becomes_a_valid_record(entity: str) -> None:
    for row in PORTAL.truth(entity):
        draft = SHIPPED[entity].apply(SourceRecord(str(row["id"]), row), AROUND)
        assert not draft.flaws
        validate(entity, resolve(draft.data, lambda name, source_id: f"{name}/{source_id}").data)


@pytest.mark.parametrize("entity", ENTITIES)
def test_nobody_is_left_to_decide_about_a_standard_field_of_the_simulated_portal(entity: str) -> None:
    rows = [_without_custom_fields(row) for row in PORTAL.truth(entity)]
    assert SHIPPED[entity].coverage.undecided(rows) == {}


@pytest.mark.parametrize("method", ["list", "get", "fields"])
@pytest.mark.parametrize("entity", ["company", "contact", "deal"])
def test_nobody_is_left_to_decide_about_a_standard_field_of_the_classic_family(entity: str, method: str) -> None:
    rows = [_without_custom_fields(row) for row in recorded(f"crm.{entity}.{method}")]
    assert SHIPPED[entity].coverage.undecided(rows) == {}


def _without_custom_fields(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if not name.startswith("UF_CRM_")}


def test_both_families_make_the_same_deal() -> None:
    universal = made(
        "deal",
        title="A",
        typeId="COMPLEX",
        categoryId=0,
        stageId="PREPARATION",
        stageSemanticId="P",
        opportunity=1000.5,
        currencyId="EUR",
        probability=99,
        companyId=9,
        contactIds=[84],
        begindate="2024-08-30T02:00:00+02:00",
        assignedById=1,
        createdBy=1,
        createdTime="2024-08-30T14:29:00+02:00",
        closed="N",
    )
    classic = made(
        "deal",
        TITLE="A",
        title=None,
        TYPE_ID="COMPLEX",
        CATEGORY_ID="0",
        STAGE_ID="PREPARATION",
        stageId=None,
        STAGE_SEMANTIC_ID="P",
        OPPORTUNITY="1000.5",
        CURRENCY_ID="EUR",
        PROBABILITY="99",
        COMPANY_ID="9",
        CONTACT_ID="84",
        BEGINDATE="2024-08-30T02:00:00+02:00",
        ASSIGNED_BY_ID="1",
        CREATED_BY_ID="1",
        DATE_CREATE="2024-08-30T14:29:00+02:00",
        CLOSED="N",
    )
    assert universal == classic
    assert universal["amount"] == "1000.5"
    assert universal["created_at"] == "2024-08-30T12:29:00Z"


@pytest.mark.parametrize("given", ["2024-03-01T00:00:00+03:00", "2024-03-01T02:00:00+02:00"])
def test_a_date_is_cut_and_never_shifted(given: str) -> None:
    assert made("contact", birthdate=given)["birthday"] == "2024-03-01"
    assert (made("deal", begindate=given)["begin_date"], made("deal", closedate=given)["close_date"]) == (
        "2024-03-01",
        "2024-03-01",
    )


@pytest.mark.parametrize(
    ("entity", "data"),
    [
        (
            "contact",
            {
                "fm": [
                    {"id": 1, "typeId": "PHONE", "valueType": "WORK", "value": "+7 (495) 111-22-33"},
                    {"id": 2, "typeId": "EMAIL", "valueType": "HOME", "value": " Anna@Example.COM "},
                    {"id": 3, "typeId": "PHONE", "valueType": "", "value": "ask for Anna"},
                    {"id": 4, "typeId": "WEB", "valueType": "WORK", "value": "https://example.com"},
                    {"id": 5, "typeId": "IM", "valueType": "OPENLINE", "value": "imol|1"},
                    {"id": 6, "typeId": "PHONE", "valueType": "WORK", "value": ""},
                ]
            },
        ),
        (
            "company",
            {
                "PHONE": [
                    {"ID": "1", "TYPE_ID": "PHONE", "VALUE_TYPE": "WORK", "VALUE": "+7 (495) 111-22-33"},
                    {"ID": "3", "TYPE_ID": "PHONE", "VALUE_TYPE": "", "VALUE": "ask for Anna"},
                ],
                "EMAIL": [{"ID": "2", "TYPE_ID": "EMAIL", "VALUE_TYPE": "HOME", "VALUE": " Anna@Example.COM "}],
                "WEB": [{"ID": "4", "TYPE_ID": "WEB", "VALUE_TYPE": "WORK", "VALUE": "https://example.com"}],
            },
        ),
    ],
)
def test_phones_mails_and_sites_come_in_order_from_either_family(entity: str, data: JsonObject) -> None:
    record = made(entity, **data)
    assert record["phones"] == [{"value": "+74951112233", "type": "WORK"}, {"value": "ask for Anna", "type": None}]
    assert record["emails"] == [{"value": "anna@example.com", "type": "HOME"}]
    assert record["sites"] == [{"value": "https://example.com", "type": "WORK"}]


def test_who_has_no_phone_has_an_empty_list() -> None:
    assert made("contact")["phones"] == []


@pytest.mark.parametrize("nothing", [0, None, "0", ""])
def test_every_spelling_of_no_company_is_none(nothing: Any) -> None:
    assert made("deal", companyId=nothing)["company_id"] is None


def test_contacts_keep_their_order() -> None:
    contacts = made("deal", contactIds=[23, 7, 28], contactId=23)["contact_ids"]
    assert [one.source_id for one in contacts] == ["23", "7", "28"]


def test_somebody_who_is_gone_gets_a_stand_in() -> None:
    record = made("deal", assignedById=1017, createdBy=1018)
    assert record["assigned_by_id"] == Pending("user", "1017", required=False, placeholder=True)
    assert record["created_by_id"] == Pending("user", "1018", required=False, placeholder=True)


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        ({"closed": "Y", "stageSemanticId": "S"}, True),
        ({"CLOSED": "N"}, False),
        ({"closed": True, "stageSemanticId": "P"}, True),
        ({"closed": False, "stageSemanticId": "S"}, False),
        ({"closed": "1"}, True),
        ({"closed": 0}, False),
        ({"stageSemanticId": "F"}, True),
        ({"STAGE_SEMANTIC_ID": "P"}, False),
        ({}, None),
    ],
)
def test_a_deal_is_closed_by_its_flag_or_by_its_stage(data: JsonObject, closed: bool | None) -> None:
    assert made("deal", **data)["closed"] is closed


def test_comments_become_safe_html() -> None:
    assert made("deal", comments="[B]a[/B] & b<script>x</script>")["comments_html"].compose(lambda *_: None) == (
        "<b>a</b> &amp; b&lt;script&gt;x&lt;/script&gt;"
    )


def test_parents_come_from_fields_whose_names_tell_their_type() -> None:
    parents = made("smart_process_item", parentId2=17, parentId1032="5", parentId4=0, parentId31=8)["parents"]
    assert parents == [
        {"entity_type_id": "2", "id": Pending("deal", "17", required=True)},
        {"entity_type_id": "1032", "id": Pending("smart_process_item", "1032:5", required=True)},
    ]


def test_a_parent_that_is_not_there_is_left_out_alone() -> None:
    data = made("smart_process_item", parentId2=17, parentId4=3)
    resolution = resolve(data, lambda entity, _: "t3" if entity == "company" else None)
    assert resolution.data["parents"] == [{"entity_type_id": "4", "id": "t3"}]
    assert [one.source_id for one in resolution.missing] == ["17"]
    assert not resolution.blocking


def test_a_code_that_is_not_listed_stays_as_it_is() -> None:
    assert made("deal", CODES, typeId="SERVICE")["type_code"] == "SERVICE"


def test_a_listed_code_is_translated() -> None:
    record = made("deal", CODES, typeId="SALE", categoryId=1, stageId="C1:LOSE")
    assert (record["type_code"], record["category_id"], record["stage_id"]) == ("1", "7", "C7:UC_LOST")


@pytest.mark.parametrize(
    ("given", "target"), [("C1:NEW", "C7:NEW"), ("C4:WON", "WON"), ("C3:NEW", "C3:NEW"), ("NEW", "NEW")]
)
def test_a_stage_follows_its_funnel(given: str, target: str) -> None:
    assert made("deal", CODES, stageId=given)["stage_id"] == target


def test_a_stage_of_the_first_funnel_follows_it_elsewhere() -> None:
    assert made("deal", '[deal.category_id]\n"0" = "3"', stageId="NEW")["stage_id"] == "C3:NEW"


def test_a_stage_of_a_smart_process_follows_its_type_and_its_funnel() -> None:
    record = made("smart_process_item", CODES, categoryId=9, stageId="DT128_9:SUCCESS", parentId128=4)
    assert (record["entity_type_id"], record["category_id"]) == ("1040", "12")
    assert record["stage_id"] == "DT1040_12:SUCCESS"
    assert record["parents"][0]["entity_type_id"] == "1040"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[deal.stage]\n"A" = "B"', r"\[deal.stage\]: there are .*deal.stage_id"),
        ('[lead.stage_id]\n"A" = "B"', r"\[lead.stage_id\]: there are"),
        ("deal = 1", r"\[deal\]: there are"),
        ('[deal.stage_id]\n"A" = 1', r"\[deal.stage_id\]: expected codes as text"),
    ],
)
def test_a_code_table_that_makes_no_sense_is_refused_with_its_place(table: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        TABLES["codes"](tomllib.loads(table))


@pytest.mark.parametrize(
    ("entity", "field", "data"),
    [
        ("company", "title", {"title": " "}),
        ("deal", "stage_id", {"stageId": None}),
        ("smart_process_item", "title", {"title": None}),
    ],
)
def test_a_record_without_what_it_needs_is_rejected_by_the_field(entity: str, field: str, data: JsonObject) -> None:
    with pytest.raises(RecordRejected) as caught:
        made(entity, **data)
    assert (caught.value.reason.code, caught.value.field) == ("transform.missing_required", field)
