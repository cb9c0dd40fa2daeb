"""The dashboard with a keyboard, a screen reader, a small screen, in light and dark."""

from itertools import pairwise
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard_stand_in import CAUSE, GATE, DashboardStandIn, run

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

NAMELESS = """() => [...document.querySelectorAll('button, input, select, textarea, a[href], meter, progress, dialog,'
  + ' [role=region], [tabindex]')].filter(e => e.checkVisibility()).filter(e => {
  const by = id => document.getElementById(id)?.textContent ?? '';
  const labelled = (e.getAttribute('aria-labelledby') ?? '').split(' ').map(by).join('');
  const labels = [...(e.labels ?? [])].map(l => l.textContent).join('');
  const own = e.matches('button, a, h2, main') ? e.textContent : '';
  return !(e.getAttribute('aria-label') || labelled || labels || own).trim();
}).map(e => e.outerHTML.slice(0, 120))"""

FAINT = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.matches('.unseen, option')
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.textContent.trim().slice(0, 40)]; }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.fixture
def full(page: Page, api: DashboardStandIn) -> Page:
    """The dashboard with something of everything on it."""
    verdicts = ("proven", "differs", "unverified", "not_readable", "not_asked")
    user = run()["entities"]["user"]
    entities: dict[str, Any] = {f"entity_{verdict}": {**user, "verdict": verdict} for verdict in verdicts}
    api.tell(
        run("completed_with_errors", gates=[GATE, {**GATE, "gate": "images", "result": "passed"}], entities=entities)
    )
    api.answers["GET dead-letters/causes"] = (200, [CAUSE])
    api.open(page)
    page.get_by_text("Start a run").click()
    expect(page.get_by_role("cell", name="differs")).to_be_visible()
    expect(page.locator("meter")).to_be_visible()
    return page


def test_every_control_and_region_has_a_name(full: Page) -> None:
    assert full.evaluate(NAMELESS) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_stand_out_from_their_ground(full: Page, scheme: Scheme) -> None:
    full.emulate_media(color_scheme=scheme)
    assert full.evaluate(FAINT) == []


def test_the_two_schemes_differ(full: Page) -> None:
    grounds = set()
    for scheme in SCHEMES:
        full.emulate_media(color_scheme=scheme)
        grounds.add(full.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_a_small_screen_shows_all_without_moving_the_page_sideways(full: Page) -> None:
    full.set_viewport_size({"width": 360, "height": 700})
    assert full.evaluate("document.documentElement.scrollWidth") <= 360


def test_nothing_moves_for_whoever_asks_for_that(full: Page) -> None:
    full.emulate_media(reduced_motion="reduce")
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert full.evaluate(moving) == 0


def test_headings_are_in_order_and_there_is_one_of_the_first_level(full: Page) -> None:
    levels = full.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].filter(e => e.checkVisibility()).map(e => +e.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_figures_are_not_told_by_colour_alone(full: Page) -> None:
    signs = "[...document.querySelectorAll('.good, .bad, .doubt')].map(e => getComputedStyle(e, '::before').content)"
    assert len(set(full.evaluate(signs))) == 3


def test_a_run_can_be_started_with_the_keyboard_alone(page: Page, api: DashboardStandIn) -> None:
    api.answers["POST runs"] = (202, {"run_id": run()["run_id"], "status_url": ""})
    page.goto(api.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("fnk-only-for-tests")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.locator("#plan option").first.wait_for(state="attached")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Mode")).to_be_focused()
    page.keyboard.type("delta")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("delta of demo, user")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Run run-")).to_be_focused()
    assert ("POST runs", {"plan": "demo", "mode": "delta", "options": {}, "entities": ["user"]}) in api.requests
