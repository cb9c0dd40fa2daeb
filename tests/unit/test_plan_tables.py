"""A plan's tables may be replaced, one by one, by those of an installation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plans.loading import LoadedPlan, Own, read_plan
from shared.model.records import SourceRecord
from shared.transform.making import Making
from shared.transform.tables import Table, TableError

PLAN = 'title = "A plan"\nsource = "here"\ntarget = "there"\nentity = [{ name = "user" }]'
MAPPING = """
field.colour = { make = "told", table = "colours" }
field.size = { make = "told", table = "sizes" }
"""


def told(making: Making) -> Any:
    """What the table says."""
    return making.options["table"]


def read(document: Mapping[str, Any]) -> dict[str, Table]:
    """One line is all it may have."""
    if document.keys() != {"user"}:
        raise TableError("expected user")
    return {"user": Table(document["user"])}


OWN = Own({"told": told}, {"colours": read, "sizes": read})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plan"
    (folder / "mappings").mkdir(parents=True)
    (folder / "plan.toml").write_text(PLAN, "utf-8")
    (folder / "mappings" / "user.toml").write_text(MAPPING, "utf-8")
    (folder / "colours.toml").write_text('user = "red"', "utf-8")
    (folder / "sizes.toml").write_text('user = "small"', "utf-8")
    return folder


@pytest.fixture
def instead(tmp_path: Path) -> Path:
    (tmp_path / "instead").mkdir()
    return tmp_path / "instead"


def made(loaded: LoadedPlan) -> Any:
    return loaded.mappings["user"].apply(SourceRecord("1", {})).data


def test_a_rule_gets_what_its_table_says_of_its_entity(folder: Path) -> None:
    assert made(read_plan(folder, OWN)) == {"colour": "red", "size": "small"}


def test_a_table_that_is_given_goes_instead_of_the_plans_own_and_the_others_stay(folder: Path, instead: Path) -> None:
    (instead / "sizes.toml").write_text('user = "large"', "utf-8")
    assert made(read_plan(folder, OWN, instead)) == {"colour": "red", "size": "large"}


def test_another_table_makes_another_plan(folder: Path, instead: Path) -> None:
    (instead / "sizes.toml").write_text('user = "large"', "utf-8")
    first = read_plan(folder, OWN, instead).plan.digest
    (instead / "sizes.toml").write_text('user = "huge"', "utf-8")
    assert first not in (read_plan(folder, OWN).plan.digest, read_plan(folder, OWN, instead).plan.digest)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("size", 'user = "large"', r"size\.toml is none of colours\.toml, sizes\.toml"),
        ("sizes", "user = ", r"sizes\.toml: Invalid value"),
        ("sizes", "group = 1", r"sizes\.toml: expected user"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_its_name(
    folder: Path, instead: Path, name: str, text: str, message: str
) -> None:
    (instead / f"{name}.toml").write_text(text, "utf-8")
    with pytest.raises(TableError, match=message):
        read_plan(folder, OWN, instead)
