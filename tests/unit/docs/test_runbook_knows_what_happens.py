"""The runbook has an answer to every reason that stops something, every alert and every reason of a rollback."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from shared.engine.proof.findings import KINDS
from shared.engine.runs.verdicts import Verdict
from shared.engine.undo.outcomes import HINTS
from shared.model.gates import Gates
from shared.model.reasons import REASONS, Reaction

ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = {page.name: page.read_text("utf-8") for page in (ROOT / "docs/runbook").glob("*.md")}
GUIDE = (ROOT / "docs/guides/first-migration.md").read_text("utf-8")


def test_every_reason_that_halts_a_run_has_a_line() -> None:
    halting = {reason.code for reason in REASONS.values() if reason.reaction is Reaction.STOP_RUN}
    assert {code for code in halting if f"`{code}`" not in RUNBOOK["halted-runs.md"]} == set()


@pytest.mark.parametrize("family", ["media", "page", "proof", "deletes"])
def test_every_reason_that_needs_a_page_of_its_own_is_on_one(family: str) -> None:
    pages = "\n".join(RUNBOOK.values())
    named = {reason.code for reason in REASONS.values() if reason.family == family}
    assert {code for code in named if code not in pages} == set()


def test_every_alert_leads_to_a_page() -> None:
    alerts = re.findall(r"^    name: '([a-z-]+)'$", (ROOT / "infra/modules/alerts.bicep").read_text("utf-8"), re.M)
    pages = "\n".join(RUNBOOK.values())
    assert alerts
    assert {alert for alert in alerts if f"`{alert}`" not in pages} == set()


def test_every_reason_why_a_rollback_leaves_a_record_is_explained() -> None:
    assert {reason for reason in HINTS if f"`{reason}`" not in RUNBOOK["rollback.md"]} == set()


def test_every_kind_of_finding_is_explained() -> None:
    assert {kind for kind in KINDS if f"`{kind}`" not in RUNBOOK["proof-differs.md"]} == set()


def test_every_verdict_and_gate_is_explained() -> None:
    named = {*(verdict.value for verdict in Verdict), *(gate.name for gate in fields(Gates))}
    assert {name for name in named if f"`{name}`" not in GUIDE} == set()
