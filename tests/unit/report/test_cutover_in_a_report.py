"""The report of a run tells of the cutover that it is part of."""

from shared.model.cutover import CutoverAction
from shared.model.run import RunMode
from shared.report.page import render
from tests.unit.engine.conftest import World
from tests.unit.report.conftest import SECRET, Report, cutovers_of
from tests.unit.report.schemas import strays
from triggers.openapi import document


async def test_without_a_cutover_it_says_so(world: World, report: Report) -> None:
    found = await report(await world.drive((await world.start()).run_id))
    assert found["cutover"] is None
    assert "None has begun for this plan." in render(found)


async def test_window_sheet_events_and_what_is_to_be_revoked_are_told(world: World, report: Report) -> None:
    await world.drive((await world.start()).run_id)
    cutovers = cutovers_of(world)
    await cutovers.act(world.plan, CutoverAction.START, "owner")
    for mode in (RunMode.DELTA, RunMode.VALIDATE):
        run = await world.drive((await world.start(mode)).run_id)
        await cutovers.act(world.plan, CutoverAction.LINK, "engineer", about=run.run_id)
    await cutovers.act(world.plan, CutoverAction.SWITCH, "owner", note="all looked well")
    found = await report(run)
    told, schemas = found["cutover"], document()["components"]["schemas"]
    assert list(strays(found, schemas["Report"], schemas)) == []
    assert (told["state"], told["of_this_run"], told["window"]["by"]) == ("switched", True, "owner")
    assert told["window"]["began"] < told["window"]["switched"]
    assert told["window"]["finished"] is None
    assert [one["action"] for one in told["events"]] == ["start", "link", "link", "switch"]
    assert {one["item"] for one in told["checklist"]} == {"webhook-1", "watch"}
    assert any(line.startswith(SECRET.revoke) for line in found["sign_off"]["afterwards"])
    page = render(found)
    assert SECRET.revoke in page
    assert "all looked well" in page


async def test_what_the_sheet_says_against_it_has_to_be_accepted_by_name(world: World, report: Report) -> None:
    await world.drive((await world.start()).run_id)
    cutovers = cutovers_of(world)
    await cutovers.act(world.plan, CutoverAction.START, "owner")
    run = await world.drive((await world.start(RunMode.DELTA)).run_id)
    await cutovers.act(world.plan, CutoverAction.LINK, "engineer", about=run.run_id)
    to_accept = {one["name"]: one["text"] for one in (await report(run))["sign_off"]["to_accept"]}
    assert to_accept["cutover: proof"].startswith("no go: no run that began inside the window")
