"""A migration watched in a browser, on real processes: from its start to a dead letter that is requeued and gone."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from playwright.sync_api import Page, expect

from lab.system import Portal, System
from tests.e2e.conftest import StartSystem, start_system

__all__ = ["start_system"]

SMALL = Portal(users=60, departments=6, groups=3, rate=100_000.0, burst=100_000, page_ms=300)
LONG = 90_000
"""Milliseconds."""

STRANGER = "900001"


@pytest.fixture
def system(start_system: StartSystem) -> System:  # the fixture
    return start_system(SMALL)


def test_a_person_starts_a_run_sees_it_end_and_requeues_what_failed(page: Page, system: System) -> None:
    refused = next(user for user in system.truth("user")[20:] if user.get("EMAIL"))
    _occupy(system, str(refused["EMAIL"]).lower())
    page.set_default_timeout(LONG)

    page.goto(f"{system.hosts[0].ready()}/api/dashboard")
    page.get_by_role("textbox", name="Key").fill(system.keys.function)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("There is no run yet.")).to_be_visible(timeout=LONG)

    page.get_by_text("Start a run").click()
    page.get_by_label("department", exact=True).check()
    page.get_by_label("user", exact=True).check()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()

    user = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="user", exact=True))
    expect(user).to_be_visible(timeout=LONG)
    expect(page.locator("#progress-text")).to_contain_text("records read", timeout=LONG)
    expect(page.locator("#figure-state")).to_have_text("completed with errors", timeout=LONG)
    expect(page.locator("#figure-letters")).to_have_text("1")
    expect(page.locator("#gates tr", has_text="dead letters")).to_contain_text("failed")

    requeue = page.get_by_role("button", name="Requeue 1 of user: target.conflict")
    expect(requeue).to_be_visible()
    _vacate(system)
    requeue.click()
    page.get_by_role("dialog").get_by_role("button", name="Requeue").click()
    expect(page.locator("#figure-letters")).to_have_text("0", timeout=LONG)
    expect(requeue).to_have_count(0)
    expect(page.locator("#figure-state")).to_have_text("completed", timeout=LONG)
    expect(page.locator("#gates tr", has_text="counts match")).to_contain_text("passed")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    report = Path(download.value.path()).read_text("utf-8")
    assert "All gates that the plan sets are passed." in report
    assert "Refused writes: 0." in report


def _occupy(system: System, email: str) -> None:
    """Have somebody else hold an e-mail at the target."""
    data: dict[str, Any] = {"email": email, "active": True}
    checksum = hashlib.sha256(rfc8785.dumps(data)).hexdigest()
    key = f"source:user:{STRANGER}:{checksum}"
    item = {"source_id": STRANGER, "idempotency_key": key, "checksum": checksum, "data": data}
    answer = system.gateway("import.users.batch", {"run_id": "before", "batch_id": "1", "items": [item]})
    assert [one["action"] for one in answer["imported"]] == ["created"]


def _vacate(system: System) -> None:
    item = {"source_id": STRANGER, "idempotency_key": f"delete:{STRANGER}"}
    answer = system.gateway("import.delete", {"run_id": "after", "batch_id": "2", "entity": "user", "items": [item]})
    assert len(answer["deleted"]) == 1
