"""What the dashboard says when something is wrong: keys, connections, refusals, and names that mean harm."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.dashboard_stand_in import CAUSE, GATE, RUN, DashboardStandIn, run

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


def test_a_wrong_key_is_told_and_asked_for_again(page: Page, api: DashboardStandIn) -> None:
    page.goto(api.url)
    page.get_by_role("textbox", name="Key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The key was not accepted")
    expect(page.get_by_role("textbox", name="Key")).to_be_focused()


def test_the_key_is_kept_for_the_tab_alone_and_can_be_forgotten(page: Page, api: DashboardStandIn) -> None:
    api.open(page)
    expect(page.get_by_role("heading", name=f"Run {RUN}")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=f"Run {RUN}")).to_be_visible()
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_role("textbox", name="Key")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_lost_connection_is_told_with_what_is_old_and_the_next_try(page: Page, api: DashboardStandIn) -> None:
    api.open(page)
    expect(page.locator("#figure-rate")).to_have_text("41.5")
    api.away = True
    expect(page.locator("#connection")).to_contain_text("No good answer since")
    expect(page.locator("#figure-rate")).to_have_text("41.5")
    api.away = False
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#connection")).to_contain_text("Connected")
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()


def test_tries_come_ever_later_while_nobody_answers(page: Page, api: DashboardStandIn) -> None:
    api.open(page)
    expect(page.locator("#connection")).to_contain_text("Connected")
    api.away = True
    expect(page.locator("#connection")).to_contain_text("Next try in 3 s")
    page.get_by_role("button", name="Forget the key").focus()  # the picture is alive meanwhile
    expect(page.locator("#connection")).to_contain_text("Next try in 6 s")


def test_a_refusal_is_told_with_its_code_and_fields(page: Page, api: DashboardStandIn) -> None:
    errors = [{"field": "entities", "message": "there is no usr"}]
    refusal = {"title": "The request is not valid", "detail": "entities", "code": "INVALID_REQUEST", "errors": errors}
    api.answers["POST runs"] = (400, refusal)
    api.open(page)
    page.get_by_text("Start a run").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("INVALID_REQUEST")
    expect(alert).to_contain_text("entities: there is no usr")
    page.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_hidden()


def test_nothing_is_sent_for_what_a_person_does_not_confirm(page: Page, api: DashboardStandIn) -> None:
    api.open(page)
    page.get_by_role("button", name="Cancel").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert not [name for name, _ in api.requests if name.startswith("POST")]


def test_a_run_is_paused_once_that_is_confirmed(page: Page, api: DashboardStandIn) -> None:
    api.answers[f"POST runs/{RUN}/pause"] = (200, run("paused"))
    api.open(page)
    page.get_by_role("button", name="Pause").click()
    api.tell(run("paused"))
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.locator("#figure-state")).to_have_text("paused")
    expect(page.get_by_role("button", name="Resume")).to_be_enabled()
    assert (f"POST runs/{RUN}/pause", {}) in api.requests


def test_names_that_mean_harm_are_shown_as_they_are(page: Page, api: DashboardStandIn) -> None:
    told: dict[str, Any] = run(message=HOSTILE, started_by=HOSTILE, gates=[{**GATE, "detail": HOSTILE}])
    told["entities"] = {HOSTILE: told["entities"]["user"]}
    api.tell(told)
    api.answers["GET dead-letters/causes"] = (200, [{**CAUSE, "message": HOSTILE, "example_id": HOSTILE}])
    api.open(page)
    expect(page.get_by_role("cell", name=HOSTILE).first).to_be_visible()
    assert page.title() == "Portage"
    assert page.locator("img, main script").count() == 0


def test_a_message_that_shows_up_does_not_take_the_focus_away(page: Page, api: DashboardStandIn) -> None:
    api.answers["GET dead-letters/causes"] = (200, [CAUSE])
    api.open(page)
    button = page.get_by_role("button", name="Requeue 3 of user: target.conflict")
    button.focus()
    api.tell(run(rate=77.0))
    expect(page.locator("#figure-rate")).to_have_text("77")
    expect(button).to_be_focused()
