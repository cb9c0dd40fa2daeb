"""The report tells what the ledger knows, adds it up, and says what nobody knows."""

from typing import Any

import pytest

from shared.model.run import RunMode, RunOptions
from shared.report.arrived import ENDS, MEANINGS
from shared.report.page import render
from tests.unit.engine.conftest import World
from tests.unit.report.conftest import Report
from tests.unit.report.schemas import strays
from triggers.openapi import document


async def test_it_is_what_the_api_says_it_is(troubled: dict[str, Any]) -> None:
    schemas = document()["components"]["schemas"]
    assert list(strays(troubled, schemas["Report"], schemas)) == []


async def test_of_each_entity_what_was_read_is_the_sum_of_what_became_of_it(troubled: dict[str, Any]) -> None:
    user = troubled["arrived"]["entities"]["user"]
    assert user["adds_up"]
    assert (user["extracted"], user["failed"]) == (130, 1)
    assert sum(user[end] for end in ENDS) == 130


async def test_every_count_is_explained(troubled: dict[str, Any]) -> None:
    told = {*troubled["arrived"]["entities"]["user"]} - {
        "archived_only",
        "adds_up",
        "dead_lettered",
        "deleted_at_source",
    }
    assert told == set(MEANINGS)


async def test_a_run_under_way_says_so_and_what_is_open(world: World, report: Report) -> None:
    run = await world.start()
    await world.first_import(run)
    found = await report(await world.run(run.run_id))
    assert found["headline"]["verdict"] == "under_way"
    assert found["arrived"]["entities"]["department"]["open"] == 12
    assert not found["arrived"]["adds_up"]


async def test_who_had_private_data_read_is_named_and_has_to_be_accepted(troubled: dict[str, Any]) -> None:
    (told,) = troubled["asked"]["private_data"]
    assert (told["option"], told["enabled_by"]) == ("private_posts", "tester")
    assert "private data: private_posts" in _to_accept(troubled)


async def test_dead_letters_come_by_cause_with_what_to_do(troubled: dict[str, Any]) -> None:
    letters = troubled["dead_letters"]
    (cause,) = letters["causes"]
    assert (letters["total"], cause["reason"], cause["example_id"]) == (1, "transform.missing_required", "61")
    assert cause["hint"]
    assert "user: dead letters" in _to_accept(troubled)


async def test_a_field_that_nobody_decided_about_is_named(troubled: dict[str, Any]) -> None:
    assert troubled["fields"]["user"]["undecided"] == [{"field": "NICKNAME", "records": 1}]
    assert _to_accept(troubled)["user: fields nobody decided about"] == "NICKNAME"


async def test_a_record_that_is_missing_at_the_target_is_in_the_proof_and_the_headline(
    world: World, report: Report
) -> None:
    await world.drive((await world.start()).run_id)
    del world.gateway.records["user", "61"]
    found = await report(await world.drive((await world.start(RunMode.VALIDATE)).run_id))
    assert found["headline"]["verdict"] == "not_passed"
    (finding,) = found["proof"]["entities"]["user"]["findings"]
    assert (finding["kind"], finding["source_id"]) == ("missing", "61")
    assert "user: differs" in _to_accept(found)


async def test_a_gate_that_nobody_asked_about_has_to_be_accepted(world: World, report: Report) -> None:
    world.options = RunOptions(sample=0.0)
    found = await report(await world.drive((await world.start()).run_id))
    told = "All gates that the plan sets are passed but those that were not asked about: sample_equal."
    assert found["headline"] == {"verdict": "passed", "text": told}
    assert _to_accept(found) == {"gate sample_equal": "not_asked: no record was made anew"}


async def test_a_delta_that_had_nothing_to_read_back_proves_nothing_and_says_so(world: World, report: Report) -> None:
    await world.drive((await world.start()).run_id)
    found = await report(await world.drive((await world.start(RunMode.DELTA, ("user",))).run_id))
    assert found["headline"]["verdict"] == "nothing_proven"
    assert _to_accept(found)["user: not_asked"] == "the run had nothing of it to read back, and looked at nothing else"
    assert "the rest of the target was not looked at" in render(found)


async def test_nothing_is_open_where_all_is_proven(world: World, report: Report) -> None:
    world.options = RunOptions(sample=1.0)
    found = await report(await world.drive((await world.start()).run_id))
    assert found["headline"]["verdict"] == "passed"
    assert found["sign_off"]["to_accept"] == []


async def test_what_the_source_has_no_more_is_told_by_what_became_of_it(world: World, report: Report) -> None:
    await world.drive((await world.start()).run_id)
    del world.portal.records["group"][45]
    found = await report(await world.drive((await world.start()).run_id))
    group = found["arrived"]["entities"]["group"]["deleted_at_source"]
    assert (group["compared"], group["gone"], group["deleted"]) == (45, 1, 0)


@pytest.mark.parametrize("mode", [RunMode.DELTA, RunMode.FULL])
async def test_what_is_made_again_without_a_deleted_record_leaves_the_sums_as_they_are(
    world: World, report: Report, mode: RunMode
) -> None:
    await world.drive((await world.start()).run_id)
    del world.portal.records["user"][10]  # heads department 1
    del world.portal.records["group"][10]
    world.options = RunOptions(apply_deletes=True)
    arrived = (await report(await world.drive((await world.start(mode)).run_id)))["arrived"]
    department = arrived["entities"]["department"]
    assert (department["made_again"], department["sent_again"], department["imported"]) == (1, 1, 0)
    assert arrived["adds_up"]


async def test_what_was_made_again_can_be_undone(world: World) -> None:
    await world.drive((await world.start()).run_id)
    del world.portal.records["user"][10]  # heads department 1
    del world.portal.records["group"][10]
    world.options = RunOptions(apply_deletes=True)
    run = await world.drive((await world.start(RunMode.DELTA)).run_id)
    preview = await world.undo_requests.preview(run.run_id, ())
    assert {one.entity: one.updated for one in preview.scope} == {"department": 1, "user": 0, "group": 0}


async def test_what_nobody_measured_is_not_made_up(world: World, report: Report) -> None:
    found = await report(await world.drive((await world.start(RunMode.DRY_RUN)).run_id))
    assert found["asked"]["target"]["store_id"] is None
    assert found["cost"]["storage_transactions"]["measured"] is None
    assert found["headline"]["verdict"] == "nothing_proven"


async def test_what_was_undone_is_not_called_proven(world: World, report: Report) -> None:
    run = await world.drive((await world.start()).run_id)
    found = await report(await world.drive((await world.undo(run.run_id, "group")).run_id))
    assert found["headline"] == {
        "verdict": "nothing_proven",
        "text": "Rolled back, and so not proven any more: group.",
    }
    assert found["proof"]["entities"]["group"]["verdict"] is None
    assert found["proof"]["gates"] == []


def _to_accept(report: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["text"] for one in report["sign_off"]["to_accept"]}
