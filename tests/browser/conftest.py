"""A browser, pages that must not complain, and a stand-in of the API that serves the dashboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lab.browser import MISSING, chromium, chromium_path
from tests.browser.dashboard_stand_in import DashboardStandIn


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module: while it is open, its own event loop runs, and no other test's could."""
    if chromium_path() is None:
        pytest.skip(MISSING)
    with chromium() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which no script fails and no policy is violated."""
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    assert wrong == []


@pytest.fixture
def api() -> Iterator[DashboardStandIn]:
    with DashboardStandIn() as stand_in:
        yield stand_in
