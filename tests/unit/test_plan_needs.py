"""What the main plan wants the target to know of, by the tables of an installation."""

from pathlib import Path

from gateway.entities import ENTITIES
from plans.loading import load_plan
from shared.model.records import SchemaNeeds

CODES = """
[deal.category_id]
"1" = "7"
[deal.stage_id]
"C1:PREPARATION" = "C7:UC_IN_WORK"
"C1:NEW" = "C7:UC_IN_WORK"
[contact.type_code]
"CLIENT" = "BUYER"
"""
FIELDS = """
[[field]]
entity = "deal"
source = "UF_CRM_1"
target = "UF_CRM_CONTRACT_NO"
type = "string"
[[field]]
entity = "deal"
source = "UF_CRM_2"
included = false
reason = "nobody uses it"
"""


def test_a_plan_with_empty_tables_needs_the_choices_that_its_mappings_make() -> None:
    assert {entity: needs.codes for entity, needs in load_plan("bitrix24_onprem").needs.items()} == {
        "user": {"user_type": ("employee", "extranet")},
        "task": {
            "status": ("awaiting_review", "completed", "deferred", "in_progress", "pending"),
            "priority": ("high", "low", "normal"),
        },
    }


def test_every_choice_that_the_mappings_make_is_one_of_the_contract() -> None:
    for entity, needs in load_plan("bitrix24_onprem").needs.items():
        for field, codes in needs.codes.items():
            assert set(codes) <= set(ENTITIES[entity].fields[field].choices)


def test_custom_fields_and_codes_are_needed_as_the_target_calls_them(tmp_path: Path) -> None:
    (tmp_path / "codes.toml").write_text(CODES, "utf-8")
    (tmp_path / "custom_fields.toml").write_text(FIELDS, "utf-8")
    needs = load_plan("bitrix24_onprem", tmp_path).needs
    codes = {"category_id": ("7",), "stage_id": ("C7:UC_IN_WORK",)}
    required = frozenset({"title", "stage_id"})
    assert needs["deal"] == SchemaNeeds("deal", ("UF_CRM_CONTRACT_NO",), codes, required)
    assert needs["contact"].codes == {"type_code": ("BUYER",)}
