"""White-listed custom fields: which travel, and what their values become."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from lab.simulators.bitrix24.crm.data import Crm
from lab.simulators.bitrix24.crm.definitions import classic_definition
from lab.simulators.bitrix24.people.data import Size
from plans.bitrix24_onprem.makers import MAKERS, TABLES
from plans.loading import load_plan
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.transform.making import Surroundings
from shared.transform.mapping import Draft, Mapping
from shared.transform.mapping_documents import MappingError, read_mapping
from shared.transform.references import Pending, resolve
from shared.transform.tables import TableError

RULES = {"field": {"custom": {"make": "custom", "table": "custom_fields"}}, "ignore": {"id": "travels beside"}}
CRM = frozenset({"user", "deal", "contact", "company", "smart_process_item"})


def mapping_of(entity: str, *rows: JsonObject) -> Mapping:
    table = TABLES["custom_fields"]({"field": [{"entity": entity, **row} for row in rows]})
    return read_mapping(entity, RULES, MAKERS, {"custom_fields": table})


def draft_of(value: Json, *, definitions: JsonObject | None = None, **row: Any) -> Draft:
    mapping = mapping_of("deal", {"source": "UF_CRM_A", "target": "UF_A", **row})
    around = Surroundings(imported=CRM, definitions=definitions or {})
    return mapping.apply(SourceRecord("5", {"UF_CRM_A": value}), around)


def made(value: Json, **more: Any) -> Json:
    draft = draft_of(value, **more)
    assert not draft.flaws
    return draft.data["custom"]["UF_A"]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("string", " № 17\r\nот 01.02 ", "№ 17\nот 01.02"),
        ("string", ":f09f9880:", "😀"),
        ("url", "https://example.com/?a=1", "https://example.com/?a=1"),
        ("integer", "17", 17),
        ("integer", 0, 0),
        ("double", 884.7, "884.7"),
        ("double", "884.70", "884.70"),
        ("double", 0, "0"),
        ("boolean", "Y", True),
        ("boolean", "0", False),
        ("boolean", False, False),
        ("date", "2024-03-01T02:00:00+02:00", "2024-03-01"),
        ("datetime", "2021-01-14T06:10:08+02:00", "2021-01-14T04:10:08Z"),
        ("money", "34313|RUB", {"amount": "34313", "currency": "RUB"}),
        ("money", "10.50", {"amount": "10.50", "currency": None}),
        ("crm_status", "IT", "IT"),
        ("address", "Köln|50.93;6.95|13", "Köln|50.93;6.95"),
        ("address", "Köln", "Köln"),
        ("employee", 377, Pending("user", "377", required=False, placeholder=True)),
    ],
)
def test_a_value_follows_the_type_of_its_field(kind: str, given: Json, expected: Json) -> None:
    assert made(given, type=kind) == expected


@pytest.mark.parametrize("nothing", [None, "", False, []])
@pytest.mark.parametrize("kind", ["string", "integer", "double", "date", "money", "employee", "enumeration", "crm"])
def test_every_spelling_of_nothing_is_null(kind: str, nothing: Any) -> None:
    assert made(nothing, type=kind) is None


@pytest.mark.parametrize("kind", ["employee", "enumeration", "crm"])
def test_an_id_of_nothing_is_null(kind: str) -> None:
    assert made("0", type=kind) is None


@pytest.mark.parametrize("nothing", [None, "", False, []])
def test_a_multiple_field_without_a_value_is_an_empty_list(nothing: Any) -> None:
    assert made(nothing, type="string", multiple=True) == []


def test_a_multiple_field_is_a_list_with_holes_closed() -> None:
    assert made({"0": "1.5", "2": "2"}, type="double", multiple=True) == ["1.5", "2"]


def test_enumerations_hold_the_texts_of_the_white_list() -> None:
    values = {"3157": "One-off", "3159": "Frame"}
    assert made([3159, "3157"], type="enumeration", multiple=True, values=values) == ["Frame", "One-off"]


PORTAL = Crm(Size(seed=3, deals=20, contacts=20, companies=20, smart_types=2, smart_items=20), range(1, 20))


def defined_by(entity: str) -> JsonObject:
    fields = [field for field in PORTAL.custom if field.entity == entity]
    return {f"{entity}:{one.name}": classic_definition(one, labels=True) for one in fields}


def test_enumerations_without_values_in_the_white_list_follow_their_definition() -> None:
    field = next(one for one in PORTAL.custom if one.entity == "CRM_DEAL" and one.options)
    mapping = mapping_of("deal", {"source": field.name, "type": "enumeration"})
    around = Surroundings(definitions=defined_by("CRM_DEAL"))
    draft = mapping.apply(SourceRecord("1", {field.name: field.options[0].id}), around)
    assert draft.data["custom"] == {field.name: field.options[0].value}


def test_a_smart_process_finds_the_definitions_of_its_own_type() -> None:
    rows = {f"{row['entityId']}:{row['fieldName']}": row for row in PORTAL.truth("custom_field")}
    kind = PORTAL.types[1].id
    field = next(one for one in PORTAL.custom if one.entity == f"CRM_{kind}" and one.options)
    mapping = mapping_of("smart_process_item", {"source": field.name, "type": "enumeration"})
    draft = mapping.apply(SourceRecord("1032:1", {field.name: field.options[1].id}), Surroundings(definitions=rows))
    assert draft.data["custom"] == {field.name: field.options[1].value}


def test_a_task_finds_the_definitions_behind_its_own_spelling() -> None:
    definitions = {"TASKS_TASK:UF_AUTO_17": {"LIST": [{"ID": "5", "VALUE": "Срочно"}]}}
    mapping = mapping_of("task", {"source": "details.ufAuto17", "target": "UF_HURRY", "type": "enumeration"})
    record = SourceRecord("8", {"details": {"ufAuto17": "5"}})
    assert mapping.apply(record, Surroundings(definitions=definitions)).data["custom"] == {"UF_HURRY": "Срочно"}


def test_a_user_finds_his_definitions() -> None:
    definition: JsonObject = {"LIST": [{"ID": "7", "VALUE": "XL"}]}
    around = Surroundings(imported=CRM, definitions={"USER:UF_USR_SHIRT": definition})
    mapping = mapping_of("user", {"source": "UF_USR_SHIRT", "type": "enumeration", "multiple": True})
    draft = mapping.apply(SourceRecord("5", {"UF_USR_SHIRT": [7]}), around)
    assert (draft.data["custom"], draft.flaws) == ({"UF_USR_SHIRT": ["XL"]}, ())


def test_an_unknown_value_of_an_enumeration_is_left_out_with_a_note_and_the_others_stay() -> None:
    draft = draft_of([1, 9], type="enumeration", multiple=True, values={"1": "a"})
    assert draft.data["custom"] == {"UF_A": ["a"]}
    assert len(draft.flaws) == 1
    assert "UF_A has the value 9" in draft.flaws[0]


def test_a_bad_value_costs_no_other_field() -> None:
    mapping = mapping_of("deal", {"source": "UF_A", "type": "date"}, {"source": "UF_B", "type": "integer"})
    draft = mapping.apply(SourceRecord("1", {"UF_A": "soon", "UF_B": 3}))
    assert draft.data["custom"] == {"UF_A": None, "UF_B": 3}
    assert draft.flaws == ("custom.UF_A is not a date",)


def test_bindings_become_references_and_what_is_out_of_scope_is_left_out() -> None:
    bound = made(["D_1", "C_2", "CO_3", "T80_6", "L_4"], type="crm", multiple=True)
    assert [(one["entity"], one["id"].source_id) for one in bound] == [
        ("deal", "1"),
        ("contact", "2"),
        ("company", "3"),
        ("smart_process_item", "128:6"),
    ]


def test_a_bare_binding_is_of_the_only_kind_that_its_definition_allows() -> None:
    definitions = {"CRM_DEAL:UF_CRM_A": {"SETTINGS": {"CONTACT": "Y", "COMPANY": "N", "LEAD": None}}}
    bound = made("17", type="crm", definitions=definitions)
    assert bound == {"entity": "contact", "id": Pending("contact", "17", required=True)}


def test_a_bare_binding_of_any_kind_is_left_out_with_a_note() -> None:
    draft = draft_of("17", type="crm")
    assert draft.data["custom"] == {"UF_A": None}
    assert draft.flaws == ("custom.UF_A is no code of a CRM record",)


def test_a_binding_without_a_target_is_left_out_when_references_are_resolved() -> None:
    data = draft_of(["D_1", "C_2"], type="crm", multiple=True).data
    resolution = resolve(data, lambda entity, _: "t2" if entity == "contact" else None)
    assert resolution.data["custom"] == {"UF_A": [{"entity": "contact", "id": "t2"}]}
    assert not resolution.blocking


def test_a_field_that_is_not_listed_is_undecided_and_does_not_travel() -> None:
    mapping = mapping_of("deal", {"source": "UF_A", "type": "string"})
    row = {"id": 1, "UF_A": "x", "UF_NEW": "y"}
    assert mapping.coverage.undecided([row, {**row, "UF_NEW": None}]) == {"UF_NEW": 1}
    assert mapping.apply(SourceRecord("1", row)).data == {"custom": {"UF_A": "x"}}


def test_a_field_that_is_listed_as_left_behind_is_decided_about() -> None:
    row = {"source": "UF_SCAN", "included": False, "reason": "files are out of scope"}
    mapping = mapping_of("deal", row)
    assert mapping.coverage.undecided([{"UF_SCAN": {"id": 7}}]) == {}
    assert mapping.ignored["UF_SCAN"] == "files are out of scope"
    assert mapping.apply(SourceRecord("1", {"UF_SCAN": {"id": 7}})).data == {"custom": {}}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"type": "file"}], r"field\.1\.type: Input should be 'address', .*'url'"),
        ([{"type": "string"}, {"type": "string"}], "UF_A or UF_A is there twice"),
        ([{"type": "string"}, {"source": "UF_B", "target": "UF_A", "type": "string"}], "UF_B or UF_A is there twice"),
        ([{}], "a field that travels needs a type"),
        ([{"included": False}], "a field that stays behind needs a reason"),
        ([{"type": "string", "values": {"1": "a"}}], "'values' go with the type 'enumeration'"),
        ([{"type": "string", "traget": "UF_B"}], r"field\.1\.traget: Extra inputs"),
        ([{"type": "string", "entity": "lead"}], r"field\.1\.entity: Input should be 'user', "),
    ],
)
def test_a_white_list_that_makes_no_sense_is_refused_with_its_place(rows: list[JsonObject], message: str) -> None:
    with pytest.raises(TableError, match=message):
        TABLES["custom_fields"]({"field": [{"entity": "deal", "source": "UF_A", **row} for row in rows]})


def test_a_field_cannot_be_listed_and_ignored_at_once() -> None:
    table = TABLES["custom_fields"]({"field": [{"entity": "deal", "source": "id", "type": "string"}]})
    with pytest.raises(MappingError, match="deal: id cannot be mapped and ignored at once"):
        read_mapping("deal", RULES, MAKERS, {"custom_fields": table})


WHITE_LIST = """
[[field]]
entity = "user"
source = "UF_PHONE_INNER"
target = "UF_EXTENSION"
type = "string"

[[field]]
entity = "deal"
source = "UF_CRM_1"
type = "money"
"""


def test_an_operator_gives_a_white_list_of_his_own(tmp_path: Path) -> None:
    (tmp_path / "custom_fields.toml").write_text(WHITE_LIST, "utf-8")
    shipped, own = load_plan("bitrix24_onprem"), load_plan("bitrix24_onprem", tmp_path)
    assert own.plan.digest != shipped.plan.digest
    record = SourceRecord("1", {"title": "x", "stageId": "NEW", "UF_CRM_1": "5|EUR"})
    assert shipped.mappings["deal"].apply(record).data["custom"] == {}
    assert own.mappings["deal"].apply(record).data["custom"] == {"UF_CRM_1": {"amount": "5", "currency": "EUR"}}


def test_a_field_of_users_that_stays_behind_travels_by_a_white_list_of_his_own(tmp_path: Path) -> None:
    (tmp_path / "custom_fields.toml").write_text(WHITE_LIST, "utf-8")
    record = SourceRecord("1", {"EMAIL": "a@e.test", "ACTIVE": True, "UF_PHONE_INNER": "117"})
    told = [load_plan("bitrix24_onprem", tables).mappings["user"] for tables in (None, tmp_path)]
    assert [one.apply(record).data["custom"] for one in told] == [{}, {"UF_EXTENSION": "117"}]
    assert [one.coverage.undecided([record.data]) for one in told] == [{}, {}]


def test_the_white_list_that_is_shipped_explains_itself_by_rows_that_hold() -> None:
    path = Path(__file__).parents[2] / "plans" / "bitrix24_onprem" / "custom_fields.toml"
    lines = [line.removeprefix("#") for line in path.read_text("utf-8").splitlines() if line.startswith("#   ")]
    assert TABLES["custom_fields"](tomllib.loads("\n".join(lines))).keys() == {
        "deal",
        "contact",
        "user",
        "smart_process_item",
    }


@pytest.mark.parametrize(("kind", "given"), [("enumeration", "57"), ("crm", "12")])
def test_a_value_that_waits_for_a_definition_names_it(kind: str, given: Json) -> None:
    draft = draft_of(given, type=kind)
    assert (draft.data["custom"]["UF_A"], draft.undefined) == (None, ("CRM_DEAL:UF_CRM_A",))
    assert len(draft.flaws) == 1


def test_a_value_that_its_definition_does_not_know_waits_for_nothing() -> None:
    told = {"CRM_DEAL:UF_CRM_A": {"LIST": [{"ID": "58", "VALUE": "blue"}]}}
    assert draft_of("57", type="enumeration", definitions=told).undefined == ()


@pytest.mark.parametrize("told", [{"LIST": []}, {"enum": []}], ids=["classic", "universal"])
def test_a_definition_whose_values_are_all_gone_is_there_all_the_same(told: JsonObject) -> None:
    draft = draft_of("57", type="enumeration", definitions={"CRM_DEAL:UF_CRM_A": told})
    assert (draft.data["custom"]["UF_A"], draft.undefined) == (None, ())


def test_a_definition_whose_values_were_refused_is_not_there() -> None:
    told: JsonObject = {"CRM_DEAL:UF_CRM_A": {"enum": [], "unread": ["enum"]}}
    assert draft_of("57", type="enumeration", definitions=told).undefined == ("CRM_DEAL:UF_CRM_A",)
