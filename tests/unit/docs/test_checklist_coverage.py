"""Every line of the planning document has one row in the checklist, and what a row names is there."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/reference/checklist.md"
STATES = ("met", "other", "people", "partly", "declined", "open")
BY_DECISION = ("other", "people", "declined")


@dataclass(frozen=True)
class Row:
    """``lines`` of the document, their state, and what the row names."""

    lines: tuple[int, ...]
    state: str
    what: str
    named: tuple[str, ...]


def _lines(cell: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _rows() -> list[Row]:
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.read_text("utf-8").splitlines()
        if re.match(r"\| \d{3}", line)
    ]
    return [Row(_lines(one[0]), one[1], one[2], tuple(re.findall(r"`([^`]+)`", one[3]))) for one in cells]


ROWS = _rows()
IDS = [f"{row.lines[0]:03}" for row in ROWS]


def test_every_line_is_in_one_row() -> None:
    assert sorted(line for row in ROWS for line in row.lines) == list(range(1, 254))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_row_has_a_state_and_says_where(row: Row) -> None:
    assert row.state in STATES
    assert row.what
    assert row.named


@pytest.mark.parametrize("row", [row for row in ROWS if row.state in BY_DECISION], ids=lambda row: str(row.lines[0]))
def test_what_is_not_done_as_written_was_decided(row: Row) -> None:
    assert any(one.startswith("docs/adr/") for one in row.named)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_files_and_tests_of_a_row_exist(row: Row) -> None:
    for one in row.named:
        path, _, test = one.partition("::")
        assert (ROOT / path).exists(), one
        assert not test or re.search(rf"def {test}\(", (ROOT / path).read_text("utf-8")), one


def test_no_synthetic_scope_is_named() -> None:
    synthetic = re.compile(r"\b(?:user|task|crm|im|log|bizproc|sonet_group)\.(?:read|write|readonly)\b")
    told = "docs/adr/0007-the-planning-document-and-the-api.md"
    folders = ("docs", "connectors", "plans", "shared/settings", "infra")
    kinds = (".md", ".py", ".toml", ".bicep")
    pages = [one for folder in folders for one in (ROOT / folder).rglob("*") if one.suffix in kinds]
    looked_at = [*pages, ROOT / "README.md", ROOT / "local.settings.json.example"]
    found = {str(one.relative_to(ROOT)) for one in looked_at if synthetic.search(one.read_text("utf-8"))}
    assert found - {told} == set()
