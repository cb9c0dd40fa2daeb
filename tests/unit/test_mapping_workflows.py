"""Templates of workflows on their way into the canonical form."""

from pathlib import Path
from typing import Any

import pytest

from plans.loading import load_plan
from shared.model.json import JsonObject
from shared.model.records import SourceRecord
from tests.unit.mapped import alone, draft, example, made, mapping, simulated

TEMPLATE: JsonObject = {
    "ID": "7",
    "NAME": "Approval",
    "USER_ID": "503",
    "AUTO_EXECUTE": "0",
    "MODIFIED": "2026-01-02T03:04:05+03:00",
    "TEMPLATE": [],
}


def step(**properties: Any) -> list[JsonObject]:
    return [{"Type": "ApproveActivity", "Name": "A1", "Properties": properties, "Children": []}]


def of_a_portal() -> list[JsonObject]:
    return simulated("workflow_template", workflows=80)


def recorded() -> list[JsonObject]:
    return list(example("bizproc.workflow.template.list"))


@pytest.mark.parametrize("rows", [recorded, of_a_portal])
def test_every_field_is_mapped_or_left_out_for_a_reason(rows: Any) -> None:
    assert mapping("workflow_template").coverage.undecided(rows()) == {}


@pytest.mark.parametrize("rows", [recorded, of_a_portal])
def test_what_portals_answer_becomes_canonical_without_flaws(rows: Any) -> None:
    for row in rows():
        made("workflow_template", row, row["ID"])
        assert draft("workflow_template", row, row["ID"]).flaws == ()


def test_users_deep_in_a_tree_become_those_of_the_target() -> None:
    tree = step(Users=["user_5", "{=Document:ASSIGNED_BY_ID}", "group_g1"], ModifiedBy="user_9")
    properties = made("workflow_template", {**TEMPLATE, "TEMPLATE": tree})["template"][0]["Properties"]
    assert properties == {
        "Users": ["user_user/5", "{=Document:ASSIGNED_BY_ID}", "group_g1"],
        "ModifiedBy": "user_user/9",
    }


def test_who_was_deleted_leaves_lists_and_leaves_nothing_elsewhere() -> None:
    resolution = alone("workflow_template", {**TEMPLATE, "TEMPLATE": step(Users=["user_5", "x"], ModifiedBy="user_9")})
    assert resolution.data["template"][0]["Properties"] == {"Users": ["x"], "ModifiedBy": None}
    assert {(one.entity, one.source_id) for one in resolution.missing} >= {("user", "5"), ("user", "9")}


def test_a_text_that_speaks_of_a_user_stays_as_it_is() -> None:
    tree = step(MessageText="tell user_5", Name="user_5x")
    properties = made("workflow_template", {**TEMPLATE, "TEMPLATE": tree})["template"][0]["Properties"]
    assert properties == {"MessageText": "tell user_5", "Name": "user_5x"}


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_an_empty_tree_is_none(nothing: Any) -> None:
    assert made("workflow_template", {**TEMPLATE, "TEMPLATE": nothing})["template"] is None


def test_what_is_no_tree_is_left_out_and_noted() -> None:
    result = draft("workflow_template", {**TEMPLATE, "TEMPLATE": "a:0:{}"})
    assert result.data["template"] is None
    assert result.flaws == ("template is neither an object nor a list",)


def test_never_is_a_way_to_start_a_workflow_by_itself() -> None:
    assert made("workflow_template", TEMPLATE)["auto_execute"] == 0


def test_the_type_of_document_follows_the_table_of_codes(tmp_path: Path) -> None:
    (tmp_path / "codes.toml").write_text('[workflow_template.document_type]\n"DYNAMIC_128" = "DYNAMIC_1040"', "utf-8")
    own = load_plan("bitrix24_onprem", tmp_path).mappings["workflow_template"]
    record = SourceRecord("7", {**TEMPLATE, "DOCUMENT_TYPE": "DYNAMIC_128"})
    assert own.apply(record).data["document_type"] == "DYNAMIC_1040"


def test_the_source_is_not_touched() -> None:
    tree = step(Users=["user_5"])
    made("workflow_template", {**TEMPLATE, "TEMPLATE": tree})
    assert tree == step(Users=["user_5"])
