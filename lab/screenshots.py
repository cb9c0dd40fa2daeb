"""Pictures for the documentation, of a real run: ``python -m lab.screenshots`` writes ``docs/screenshots/``."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from lab.browser import MISSING, chromium, chromium_path
from lab.processes import ROOT
from lab.system import Portal, System

PLACE = ROOT / "docs" / "screenshots"

_PORTAL = Portal(
    users=300, departments=20, groups=30, tasks=40, deals=30, contacts=30, companies=15, posts=12, page_ms=60
)
_LONG = 600_000
"""Milliseconds that the run may take."""


def main() -> int:
    """Exit code 0 when all pictures are written."""
    if chromium_path() is None:
        print(MISSING, file=sys.stderr)
        return 1
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, System(Path(directory), _PORTAL) as system, chromium() as browser:
        _take(system.start(), browser)
    print(*sorted(path.name for path in PLACE.glob("*.png")), sep="\n")
    return 0


def _take(system: System, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1000}, locale="en-GB", timezone_id="UTC")
    page.set_default_timeout(_LONG)
    api = system.api()
    run_id = api.start(options={"private_posts": True})
    page.goto(f"{system.hosts[0].ready()}/api/dashboard")
    page.get_by_role("textbox", name="Key").fill(system.keys.function)
    page.get_by_role("button", name="Connect").click()
    page.locator("#entity-rows tr", has_text="department").locator("text=20").first.wait_for()
    page.screenshot(path=PLACE / "dashboard-light.png")
    api.wait(run_id, timeout=_LONG / 1000)
    page.locator("#gates tr").first.wait_for()
    page.emulate_media(color_scheme="dark")
    page.locator("#gates-title").scroll_into_view_if_needed()
    page.screenshot(path=PLACE / "dashboard-dark.png")
    report = api.get(f"/runs/{run_id}/report")
    api.close()
    _picture_of_report(browser.new_page(viewport={"width": 1000, "height": 1200}), report.text)


def _picture_of_report(page: Page, html: str) -> None:
    page.set_content(html)
    page.screenshot(path=PLACE / "report.png")


if __name__ == "__main__":
    sys.exit(main())
