"""The survey and the checks of a Bitrix24 source before simulated portals."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from connectors.bitrix24.families import READERS
from shared.model.errors import RunStopped
from shared.ports.surveys import EntitySize, Survey
from shared.ports.systems import Check, Severity
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

ADMIN, COLLEAGUE, NARROW, GUEST = "s3cret-of-all", "s3cret-of-two", "s3cret-of-few", "s3cret-of-guest"
RANGES = 16
RECORDS = {
    "users": 700,
    "departments": 120,
    "groups": 130,
    "tasks": 230,
    "posts": 120,
    "chats": 30,
    "messages": 600,
    "workflows": 12,
    "deals": 3000,
    "contacts": 120,
    "companies": 70,
    "smart-types": 2,
    "smart-items": 90,
}
COUNTED = ("department", "user", "group", "deal", "task")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = (
        *("--webhook", f"1:{ADMIN}", "--webhook", f"7:{COLLEAGUE}"),
        *("--webhook", f"1:{NARROW}:department,user", "--webhook", f"9:{GUEST}:user,im,log:noadmin"),
    )
    size = [part for name, count in RECORDS.items() for part in (f"--{name}", str(count))]
    limits = ("--rate", "0", "--operating-limit", "0")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *webhooks, *size, *limits) as portal:
        yield portal


def sizes(survey: Survey) -> dict[str, EntitySize]:
    return {one.name: one for one in survey.entities}


def failed(checks: list[Check], code: str) -> list[Check]:
    return [one for one in checks if one.code == code and not one.ok]


async def test_counts_are_those_of_the_portal(portal: SimulatedPortal) -> None:
    found = sizes(await portal.source(portal.webhook(ADMIN)).survey(tuple(READERS), RANGES))
    names = ("department", "user", "group", "task", "company", "contact", "smart_process_item", "workflow_template")
    assert {name: found[name].count for name in names} == {name: len(portal.truth(name)) for name in names}


async def test_the_calls_foretold_are_about_those_that_reading_takes(portal: SimulatedPortal) -> None:
    webhook = portal.webhook(ADMIN)
    foretold = sizes(await portal.source(webhook).survey(COUNTED, RANGES))
    copy = Copy(portal.source(webhook))
    await copy.source.webhooks.known()
    made = {}
    for name in COUNTED:
        before = portal.stats()["requests"]
        await copy.fetch(name, ranges=RANGES)
        made[name] = portal.stats()["requests"] - before
    told = {name: foretold[name].calls or 0 for name in COUNTED}
    assert all(abs(told[name] - made[name]) <= max(1, made[name] * 0.2) for name in COUNTED), (told, made)
    assert sum(told.values()) == pytest.approx(sum(made.values()), rel=0.2)


async def test_every_entity_has_a_count_or_says_why_not(portal: SimulatedPortal) -> None:
    survey = await portal.source(portal.webhook(ADMIN), portal.webhook(COLLEAGUE, 7)).survey(tuple(READERS), RANGES)
    assert [one.name for one in survey.entities] == list(READERS)
    assert [one.name for one in survey.entities if one.count is None and not one.note] == []
    assert [one.name for one in survey.entities if one.calls is None] == []


async def test_a_survey_takes_few_calls_and_writes_nothing(portal: SimulatedPortal) -> None:
    before = portal.stats()
    await portal.source(portal.webhook(ADMIN)).survey(tuple(READERS), RANGES)
    after = portal.stats()
    assert (after["requests"] - before["requests"] < 20, after["writes"]) == (True, before["writes"])


async def test_the_size_of_files_is_that_of_the_posts_files(portal: SimulatedPortal) -> None:
    survey = await portal.source(portal.webhook(ADMIN)).survey(("feed_post",), RANGES)
    assert survey.media is not None
    assert (survey.media.files > 0, survey.media.bytes > 0) == (True, True)


async def test_the_inventory_tells_what_is_there_and_what_is_granted(portal: SimulatedPortal) -> None:
    survey = await portal.source(portal.webhook(NARROW)).survey(("user",), RANGES)
    modules = {one["module"]: (one["present"], one["granted"]) for one in survey.modules}
    assert (modules["user"], modules["crm"], modules["calendar"]) == ((True, True), (True, False), (False, False))


async def test_a_portal_that_is_well_has_no_findings_but_information(portal: SimulatedPortal) -> None:
    checks = await portal.source(portal.webhook(ADMIN)).checks()
    assert [asdict(one) for one in checks if not one.ok] == []
    assert {one.code for one in checks if one.severity is Severity.INFO} == {"source.portal_kind", "source.coverage"}


async def test_a_scope_that_is_missing_is_told_once_with_the_entities_and_the_webhook_to_mend(
    portal: SimulatedPortal,
) -> None:
    lacks = failed(await portal.source(portal.webhook(NARROW)).checks(), "source.scope_missing")
    (crm,) = [one for one in lacks if one.name == "scope crm"]
    assert {"company", "contact", "deal", "smart_process_item"} < set(crm.entities)
    assert (crm.severity, "Tick crm in the form of the webhook of user 1" in (crm.fix or "")) == (
        Severity.BLOCKER,
        True,
    )


async def test_a_scope_that_one_of_two_webhooks_has_is_not_missing(portal: SimulatedPortal) -> None:
    checks = await portal.source(portal.webhook(NARROW), portal.webhook(GUEST, 9)).checks()
    lacking = {one.name for one in failed(checks, "source.scope_missing")}
    assert (
        lacking.isdisjoint({"scope im", "scope log", "scope user", "scope department"}),
        "scope crm" in lacking,
    ) == (
        True,
        True,
    )


async def test_webhooks_of_one_user_with_different_scopes_each_read_their_own(portal: SimulatedPortal) -> None:
    source = portal.source(portal.webhook(NARROW), portal.webhook(ADMIN))
    found = sizes(await source.survey(COUNTED, RANGES))
    assert [one.name for one in await source.checks() if not one.ok] == []
    assert [name for name in COUNTED if found[name].count is None] == []


async def test_an_owner_who_is_no_administrator_is_a_warning_with_what_will_be_missing(portal: SimulatedPortal) -> None:
    (finding,) = failed(await portal.source(portal.webhook(GUEST, 9)).checks(), "source.not_administrator")
    assert (finding.severity, "hidden groups, workflow templates" in finding.detail) == (Severity.WARNING, True)


async def test_an_administrator_beside_makes_a_colleagues_webhook_well(portal: SimulatedPortal) -> None:
    checks = await portal.source(portal.webhook(ADMIN), portal.webhook(GUEST, 9)).checks()
    assert failed(checks, "source.not_administrator") == []
    (coverage,) = [one for one in checks if one.code == "source.coverage"]
    assert ("user 1" in coverage.detail, "user 9" in coverage.detail) == (True, True)


async def test_a_revoked_webhook_is_named_by_its_user(portal: SimulatedPortal) -> None:
    portal.switch(revoked=[COLLEAGUE])
    source = portal.source(portal.webhook(ADMIN), portal.webhook(COLLEAGUE, 7))
    (finding,) = await source.checks()
    assert (finding.name, finding.code, finding.severity) == (
        "webhook of user 7",
        "source.unauthorised",
        Severity.BLOCKER,
    )
    assert COLLEAGUE not in str(finding)
    with pytest.raises(RunStopped):
        await source.survey(("user",), RANGES)


async def test_an_entity_that_may_not_be_read_says_so_and_hides_no_other(portal: SimulatedPortal) -> None:
    found = sizes(await portal.source(portal.webhook(NARROW)).survey(("user", "deal", "chat", "feed_post"), RANGES))
    assert (found["user"].count, found["deal"].count) == (len(portal.truth("user")), None)
    notes = {name: found[name].note for name in ("deal", "chat", "feed_post")}
    assert all("no webhook has the scope" in (note or "") for note in notes.values()), notes
