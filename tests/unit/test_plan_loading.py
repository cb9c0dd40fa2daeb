"""Plans are read from their folders, and refused when they contradict themselves."""

from pathlib import Path

import pytest

from plans.loading import read_plan
from shared.model.gates import Gates
from shared.transform.mapping_documents import MappingError

PLAN = """
title = "A plan"
source = "here"
target = "there"
entity = [{ name = "user" }, { name = "visit", archive_only = true }, { name = "group", import_after = ["user"] }]
"""


def write(folder: Path, group: str, plan: str = PLAN) -> Path:
    (folder / "mappings").mkdir()
    (folder / "plan.toml").write_text(plan, "utf-8")
    (folder / "mappings" / "user.toml").write_text('field.name = { from = "NAME" }', "utf-8")
    (folder / "mappings" / "group.toml").write_text(group, "utf-8")
    return folder


def test_a_plan_goes_by_the_name_of_its_folder_and_maps_what_is_imported(tmp_path: Path) -> None:
    loaded = read_plan(write(tmp_path, 'field.owner_id = { from = "OWNER", reference = "user" }'))
    assert loaded.plan.name == tmp_path.name
    assert loaded.mappings.keys() == {"user", "group"}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('{ from = "A", reference = "moon" }', "refers to 'moon', which the plan does not have"),
        ('{ from = "A", reference = "visit" }', "refers to 'visit', which is only archived"),
        ('{ from = "A", many = true, required = true }', "'many' goes without"),
        ('{ from = "A", many = true, default = "x" }', "'many' goes without"),
    ],
)
@pytest.mark.parametrize("nested", [False, True], ids=["outside", "inside"])
def test_a_rule_that_contradicts_the_plan_or_itself_is_refused(
    tmp_path: Path, rule: str, message: str, nested: bool
) -> None:
    text = f'field.outer = {{ from = "B", many = true, fields.x = {rule} }}' if nested else f"field.x = {rule}"
    with pytest.raises(MappingError, match=rf"group\.x: .*{message}"):
        read_plan(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('within = "P"\nfield.x = { from = "A", reference = "group" }', "'within' has to name the field"),
        ('field.x = { from = "A", reference = "group", within = "P" }', "goes without 'within'"),
    ],
)
def test_a_reference_names_the_parent_of_what_lies_by_its_parents_alone(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(MappingError, match=rf"group\.x: .*{message}"):
        read_plan(write(tmp_path, text))


def test_an_entity_that_stands_before_what_it_needs_is_refused(tmp_path: Path) -> None:
    plan = PLAN.replace('import_after = ["user"]', 'import_after = ["task"]')
    with pytest.raises(MappingError, match="group comes after task"):
        read_plan(write(tmp_path, 'field.name = { from = "NAME" }', plan))


def test_a_plan_that_changed_in_any_of_its_files_has_another_digest(tmp_path: Path) -> None:
    folder = write(tmp_path, 'field.name = { from = "NAME" }')
    before = read_plan(folder).plan.digest
    (folder / "mappings" / "group.toml").write_text('field.name = { from = "TITLE" }', "utf-8")
    assert read_plan(folder).plan.digest != before


GATES = """
[gates]
counts_match = true
sample_equal = 0.99
orphans = 3
"""


def test_gates_are_data_of_the_plan(tmp_path: Path) -> None:
    gates = read_plan(write(tmp_path, 'field.name = { from = "A" }', PLAN + GATES)).plan.gates
    assert gates == Gates(counts_match=True, sample_equal=0.99, orphans=3)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("orphan = 0", "there is no gate 'orphan', .*did you mean 'orphans'"),
        ("orphans = -1", r"orphans: expected a whole number, 0 or more, found -1"),
        ("images = 99", "images: expected a share from 0 to 1, found 99"),
        ('counts_match = "yes"', "counts_match: expected true or false, found 'yes'"),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        read_plan(write(tmp_path, 'field.name = { from = "A" }', f"{PLAN}\n[gates]\n{entry}\n"))
