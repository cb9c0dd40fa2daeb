"""Workflow templates of a simulated portal."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.model.errors import EntityStopped
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET = "s3cret-of-an-administrator"
OF_AN_EMPLOYEE = "s3cret-of-an-employee"
SIZE = ("--workflows", "330", "--rate", "0", "--operating-limit", "0", "--slow-ms", "30")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = ("--webhook", f"1:{SECRET}", "--webhook", f"2:{OF_AN_EMPLOYEE}:bizproc:noadmin")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *SIZE, *webhooks) as portal:
        yield portal


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[SimulatedPortal]:
    """Somebody changes something every ten milliseconds, and pages take their time."""
    with simulated_portal(tmp_path, *SIZE, "--webhook", f"1:{SECRET}", "--mutate", "100", "--page-ms", "10") as portal:
        yield portal


@pytest.mark.parametrize("faults", [0.0, 0.05])
async def test_every_template_comes_out_once_and_whole(portal: SimulatedPortal, faults: float) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    portal.switch(faults=faults)
    await copy.fetch("workflow_template")
    assert copy.rows_of("workflow_template") == {row["ID"]: row for row in portal.truth("workflow_template")}
    assert copy.rebuilt("workflow_template") == copy.rows_of("workflow_template")


async def test_templates_that_stay_come_out_once_while_others_are_drawn(busy: SimulatedPortal) -> None:
    copy = Copy(busy.source(busy.webhook(SECRET)))
    await copy.fetch("workflow_template")
    busy.switch(mutate=0.0)
    journal = httpx.get(f"{busy.url}/__sim/journal").json()
    touched = {one["id"] for one in journal if one["entity"] == "workflow_template"}
    stayed = {row["ID"]: row for row in busy.truth("workflow_template") if row["ID"] not in touched}
    rows = copy.rows_of("workflow_template")
    assert touched
    assert stayed
    assert {one: rows.get(one) for one in stayed} == stayed


async def test_templates_are_for_administrators(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(OF_AN_EMPLOYEE, user=2)))
    with pytest.raises(EntityStopped) as refusal:
        await copy.fetch("workflow_template")
    assert refusal.value.reason.code == "source.denied"
