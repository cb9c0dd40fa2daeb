"""The threat model names tests; they exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guides" / "threat-model.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_shows_that_a_threat_is_held_exists(path: str, name: str) -> None:
    assert f"def {name}" in (ROOT / path).read_text("utf-8")


def test_every_threat_names_a_test() -> None:
    table = PAGE.partition("## Threats")[2].partition("## What is left")[0]
    threats = [line for line in table.splitlines() if re.match(r"\| [STRIDE]\d \|", line)]
    assert len(threats) >= 20
    assert all("`tests/" in line for line in threats)
