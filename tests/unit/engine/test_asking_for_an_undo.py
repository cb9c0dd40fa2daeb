"""Previews of undos, their tokens, and what is told afterwards."""

from dataclasses import asdict
from datetime import datetime

import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.run import Run
from tests.unit.engine.conftest import IMPORTED, World


@pytest.fixture
async def ended(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def confirm(world: World, run: Run, token: str, *entities: str) -> Run:
    return await world.undo_requests.begin(run.run_id, entities, token, "tester", world.starter)


async def test_a_preview_tells_what_the_run_wrote(world: World, ended: Run) -> None:
    preview = await world.undo_requests.preview(ended.run_id, ())
    assert {one.entity: one.created for one in preview.scope} == IMPORTED
    assert preview.whole
    assert preview.stays == ()


async def test_a_preview_of_some_entities_names_those_that_may_go_along(world: World, ended: Run) -> None:
    preview = await world.undo_requests.preview(ended.run_id, ("user",))
    assert [one.entity for one in preview.scope] == ["user"]
    assert preview.may_go_along == ("department", "group")
    assert not preview.whole


async def test_a_preview_names_what_the_target_cannot_undo(world: World, ended: Run) -> None:
    world.gateway.stays = ("group",)
    assert (await world.undo_requests.preview(ended.run_id, ())).stays == ("group",)


async def test_a_preview_names_the_runs_to_undo_before_it(world: World, ended: Run) -> None:
    later = [await world.drive((await world.start()).run_id) for _ in range(2)]
    assert (await world.undo_requests.preview(ended.run_id, ())).later == (later[1].run_id, later[0].run_id)


async def test_only_the_token_of_the_same_entities_confirms(world: World, ended: Run) -> None:
    token = (await world.undo_requests.preview(ended.run_id, ("group",))).token
    with pytest.raises(ControlError) as refused:
        await confirm(world, ended, token, "user")
    assert refused.value.code == "TOKEN_STALE"


async def test_a_token_of_another_run_does_not_confirm(world: World, ended: Run) -> None:
    world.portal.records["user"][7]["EMAIL"] = "new@example.com"
    other = await world.drive((await world.start()).run_id)
    token = (await world.undo_requests.preview(other.run_id, ())).token
    with pytest.raises(ControlError, match="ask for a new preview"):
        await confirm(world, ended, token)


async def test_a_token_expires(world: World, ended: Run) -> None:
    token = (await world.undo_requests.preview(ended.run_id, ())).token
    world.clock.offset += 901
    with pytest.raises(ControlError, match="ask for a new preview"):
        await confirm(world, ended, token)


async def test_a_token_that_was_given_a_longer_life_does_not_confirm(world: World, ended: Run) -> None:
    token = (await world.undo_requests.preview(ended.run_id, ())).token
    expires, _, digest = token.partition("-")
    with pytest.raises(ControlError, match="ask for a new preview"):
        await confirm(world, ended, f"{int(expires) + 60}-{digest}")


@pytest.mark.parametrize("token", ["", "x", "-", "99999999999-", "９９９９９９９９９９９-ключ"])
async def test_what_is_no_token_does_not_confirm(world: World, ended: Run, token: str) -> None:
    with pytest.raises(ControlError, match="ask for a new preview"):
        await confirm(world, ended, token)


async def test_a_token_confirms_once(world: World, ended: Run) -> None:
    token = (await world.undo_requests.preview(ended.run_id, ("group",))).token
    await world.drive((await confirm(world, ended, token, "group")).run_id)
    with pytest.raises(ControlError, match="ask for a new preview"):
        await confirm(world, ended, token, "group")


async def test_a_token_lives_longer_than_the_process_that_made_it(world: World, ended: Run) -> None:
    token = (await world.undo_requests.preview(ended.run_id, ())).token
    world.rewire()
    assert (await confirm(world, ended, token)).undo is not None


async def test_who_asked_is_kept_with_what_came_of_it(world: World, ended: Run) -> None:
    undone = await world.drive((await world.undo(ended.run_id)).run_id)
    asked, done = undone.actions[-2:]
    assert (asked["action"], asked["by"]) == ("rollback", "tester")
    assert (done["action"], done["by"], done["deleted"]) == ("rolled_back", "tester", sum(IMPORTED.values()))


async def test_the_status_tells_how_far_an_undo_is(world: World, ended: Run) -> None:
    run = await world.undo(ended.run_id)
    assert (await world.status(run.run_id))["phase"] == "rollback"
    await world.drive(run.run_id)
    status = await world.status(run.run_id)
    assert (status["state"], status["phase"]) == ("rolled_back", None)
    assert {name: one["deleted"] for name, one in status["rollback"]["entities"].items()} == IMPORTED
    assert status["rollback"]["steps"]["total"] == status["rollback"]["steps"]["done"]


async def test_a_run_that_was_undone_keeps_its_end_and_the_undo_has_its_own(world: World, ended: Run) -> None:
    await world.drive((await world.undo(ended.run_id)).run_id)
    status = await world.status(ended.run_id)
    asked, done = status["actions"][-2:]
    assert ended.finished_at is not None
    assert datetime.fromisoformat(status["finished_at"]) == ended.finished_at
    assert (status["rollback"]["began_at"], status["rollback"]["ended_at"]) == (asked["at"], done["at"])


async def test_the_status_calls_nothing_proven_that_was_undone(world: World, ended: Run) -> None:
    before = await world.status(ended.run_id)
    await world.drive((await world.undo(ended.run_id, "group")).run_id)
    after = await world.status(ended.run_id)
    assert before["gates"] != []
    assert (after["gates"], after["rolled_back"]) == ([], ["group"])
    verdicts = {name: one["verdict"] for name, one in after["entities"].items() if one["verdict"]}
    assert verdicts == {name: one["verdict"] for name, one in before["entities"].items() if name != "group"}


async def test_the_records_that_stay_are_told_page_by_page(world: World, ended: Run) -> None:
    for number in range(1, 16):
        world.portal.records["group"][number]["NAME"] = f"new {number}"
    await world.drive((await world.start()).run_id)
    run = await world.drive((await world.undo(ended.run_id, "group")).run_id)
    told, place = [], 0
    while place is not None:
        page, place = await world.rollbacks.page(run, 4, place)
        told += page
    assert {one.source_id for one in told} == {str(number) for number in range(1, 16)}
    assert len(told) == 15
    first = asdict(told[0])
    assert (first["entity"], first["outcome"], first["reason"]) == ("group", "kept", "LATER_RUN")
    assert "undo that one first" in first["hint"]


async def test_what_is_rolled_back_and_left_nothing_is_not_rolled_back_again(world: World, ended: Run) -> None:
    await world.drive((await world.undo(ended.run_id)).run_id)
    with pytest.raises(ControlError, match="already"):
        await world.undo_requests.preview(ended.run_id, ())


async def test_what_a_later_run_kept_goes_when_that_one_is_undone_and_the_first_once_more(
    world: World, ended: Run
) -> None:
    world.portal.records["group"][5]["NAME"] = "new"
    later = await world.drive((await world.start()).run_id)
    await world.drive((await world.undo(ended.run_id)).run_id)
    assert set(world.gateway.records) == {("group", "5")}
    await world.drive((await world.undo(later.run_id)).run_id)
    await world.drive((await world.undo(ended.run_id)).run_id)
    assert world.gateway.records == {}
    assert await world.stores.idmaps.of("demo").find("group", {"5": None}) == {}
