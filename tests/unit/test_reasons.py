"""The closed list of reasons, and the page that tells of it."""

import re
from pathlib import Path

import pytest

from shared.model.reasons import REASONS, Reason, Severity
from shared.model.reasons_reference import markdown

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"""["'](?:source|target|media|transform|reference|page|plan|storage|run)\.[a-z_]+["']""")


def test_the_reference_is_the_one_that_the_list_makes() -> None:
    kept = (ROOT / "docs" / "reference" / "reasons.md").read_text("utf-8")
    assert kept == markdown(), "run: python -m shared.model.reasons_reference > docs/reference/reasons.md"


@pytest.mark.parametrize("reason", REASONS.values(), ids=str)
def test_every_reason_has_a_family_a_severity_and_a_hint_that_is_a_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", reason.code)
    assert reason.severity in Severity
    assert re.fullmatch(r"[A-Z].*[.]", reason.hint)


def test_every_reason_is_used_somewhere() -> None:
    used = "\n".join(
        path.read_text("utf-8")
        for package in ("shared", "connectors", "activities")
        for path in (ROOT / package).rglob("*.py")
        if path.name not in ("reasons.py", "reasons_reference.py")
    )
    built = {"source.unreachable", "target.unreachable", "source.unexpected_answer", "target.unexpected_answer"}
    assert {code for code in REASONS if f'"{code}"' not in used} <= built
