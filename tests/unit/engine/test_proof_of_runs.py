"""A run proves what it did: each record is read back from the target and held against the source."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.engine.dead_letters.requeueing import Selection
from shared.engine.importing.lookup import References
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import JsonObject
from shared.model.ledger import Stage
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.records import OutgoingItem, Receipt, SourcePage, SourceRecord
from shared.model.run import Run, RunMode, RunOptions, RunState
from shared.ports.systems import Extracted
from shared.transform.canonical import checksum
from tests.unit.engine.conftest import IMPORTED, World


async def _imported(world: World) -> Run:
    """A first run, to its end."""
    return await world.drive((await world.start()).run_id)


async def _validated(world: World) -> tuple[Run, JsonObject]:
    """A run that only looks, and its proof."""
    run = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    return run, await world.proofs.of(run)


def _named(proof: JsonObject, entity: str) -> list[tuple[str, str | None, str | None]]:
    return [(one["kind"], one["source_id"], one["field"]) for one in proof["entities"][entity]["findings"]]


def _verdicts(proof: JsonObject) -> dict[str, str]:
    return {name: one["verdict"] for name, one in proof["entities"].items()}


def _gates(proof: JsonObject) -> dict[str, str]:
    return {one["gate"]: one["result"] for one in proof["gates"]}


async def test_a_run_that_went_well_is_proven_record_by_record(world: World) -> None:
    world.options = RunOptions(sample=1.0)
    run = await _imported(world)
    proof = await world.proofs.of(run)
    assert run.state is RunState.COMPLETED
    assert await world.counts(run.run_id, "verified") == IMPORTED
    assert set(_verdicts(proof).values()) == {"proven"}
    assert proof["passed"] is True
    assert {one["figures"]["sampled"] for one in proof["entities"].values()} == set(IMPORTED.values())


async def test_a_validating_run_writes_nothing_and_takes_no_lock(world: World) -> None:
    await _imported(world)
    calls = len(world.gateway.calls)
    run = await world.start(RunMode.VALIDATE)
    assert await world.stores.runs.lock_of("demo") is None
    run = await world.drive(run.run_id)
    assert run.state is RunState.COMPLETED
    assert len(world.gateway.calls) == calls


async def test_a_field_that_was_changed_behind_the_target_s_back_is_named(world: World) -> None:
    await _imported(world)
    world.gateway.records["user", "7"].data["email"] = "other@example.com"
    run, proof = await _validated(world)
    assert _named(proof, "user") == [("differs", "7", "email")]
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "proof.differs")
    assert run.message == "The target is not as it should be: user: 1 that differ"


async def test_a_field_that_was_changed_with_its_checksum_is_named(world: World) -> None:
    await _imported(world)
    record = world.gateway.records["group", "9"]
    record.data["name"] = "changed"
    record.checksum = checksum(record.data)
    _, proof = await _validated(world)
    assert _named(proof, "group") == [("differs", "9", "name")]
    assert (_verdicts(proof)["group"], _gates(proof)["sample_equal"]) == ("differs", "failed")


async def test_values_of_people_are_not_shown(world: World) -> None:
    await _imported(world)
    world.gateway.records["user", "7"].data["email"] = "secret.person@example.com"
    _, proof = await _validated(world)
    (finding,) = proof["entities"]["user"]["findings"]
    assert finding["expected"].startswith("u7… (14 characters, ")
    assert "person" not in str(proof)


async def test_a_record_that_was_removed_is_named_and_its_links_lead_to_nothing(world: World) -> None:
    await _imported(world)
    del world.gateway.records["user", "10"]
    run, proof = await _validated(world)
    assert _named(proof, "user") == [("missing", "10", None)]
    assert ("orphan", "10", "owner_id") in _named(proof, "group")
    assert proof["entities"]["department"]["figures"]["orphaned"] == 1
    assert _gates(proof) == {
        "counts_match": "failed",
        "sample_equal": "not_asked",
        "orphans": "failed",
        "dead_letters": "passed",
    }
    assert "user: 1 missing" in str(run.message)


async def test_a_foreign_record_is_named_and_does_not_fail_the_run(world: World) -> None:
    await _imported(world)
    world.gateway.foreign["group"] = ["t-own"]
    run, proof = await _validated(world)
    (finding,) = proof["entities"]["group"]["findings"]
    assert (finding["kind"], finding["target_id"]) == ("foreign", "t-own")
    assert (run.state, _verdicts(proof)["group"]) == (RunState.COMPLETED, "differs")


async def test_what_the_source_has_no_more_is_extra_at_the_target(world: World) -> None:
    await _imported(world)
    del world.portal.records["group"][45]
    run, proof = await _validated(world)
    assert _named(proof, "group") == [("extra", "45", None)]
    assert (run.reason, _gates(proof)["counts_match"]) == ("proof.gate_failed", "failed")
    assert run.state is RunState.COMPLETED_WITH_ERRORS


async def test_one_that_is_missing_and_one_too_many_do_not_make_up_for_each_other(world: World) -> None:
    await _imported(world)
    del world.portal.records["group"][45]
    del world.gateway.records["group", "44"]
    _, proof = await _validated(world)
    assert _gates(proof)["counts_match"] == "failed"
    assert "group: 1 missing and 1 that should not be there" in str(proof["gates"])


async def test_what_changed_at_the_source_differs_until_it_is_imported(world: World) -> None:
    await _imported(world)
    world.portal.records["group"][3]["NAME"] = "renamed"
    world.portal.records["group"][99] = {"NAME": "new", "OWNER": "1"}
    _, before = await _validated(world)
    await _imported(world)
    _, after = await _validated(world)
    assert sorted(_named(before, "group")) == [("differs", "3", "name"), ("missing", "99", None)]
    assert set(_verdicts(after).values()) == {"proven"}


async def test_a_record_that_was_given_up_is_expected_to_be_missing(world: World) -> None:
    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        wrong = entity == "group" and item.source_id == "4"
        return Receipt("4", "failed", code="VALIDATION", reason="no") if wrong else None

    world.gateway.refuse = refuse
    run = await _imported(world)
    proof = await world.proofs.of(run)
    figures = proof["entities"]["group"]["figures"]
    assert (figures["absent"], figures["missing"], figures["verified"]) == (1, 0, 44)
    assert (_verdicts(proof)["group"], _gates(proof)["counts_match"]) == ("proven", "passed")


@pytest.mark.parametrize(
    ("method", "unverified"),
    [("import.read", "counts_match"), ("import.list", "orphans"), ("import.count", "counts_match")],
)
async def test_a_figure_that_the_target_does_not_tell_is_unverified_and_fails_the_gate(
    world: World, method: str, unverified: str
) -> None:
    world.gateway.closed = {method}
    run = await _imported(world)
    proof = await world.proofs.of(run)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "proof.unverified")
    assert set(_verdicts(proof).values()) == {"unverified"}
    assert (_gates(proof)[unverified], proof["passed"]) == ("unverified", False)


async def test_an_entity_that_the_source_does_not_show_is_not_readable(world: World) -> None:
    def deny(entity: str, _cursor: JsonObject) -> None:
        if entity == "group":
            raise EntityStopped("source.denied", "insufficient_scope")

    world.portal.trouble = deny
    proof = await world.proofs.of(await _imported(world))
    assert _verdicts(proof) == {"department": "proven", "user": "proven", "group": "not_readable"}
    assert proof["entities"]["group"]["reasons"] == ["source.denied: insufficient_scope"]


async def test_a_target_that_goes_out_while_it_is_read_is_waited_for(world: World) -> None:
    lost = iter(range(1000))

    def lose(method: str, _items: Sequence[OutgoingItem]) -> None:
        if method.startswith("import.") and next(lost) < 20:
            raise RetryLater("target.unreachable", "no answer")

    world.gateway.before = lose
    run = await _imported(world)
    assert run.state is RunState.COMPLETED
    assert await world.counts(run.run_id, "verified") == IMPORTED


async def test_long_lists_are_walked_page_by_page(world: World) -> None:
    world.gateway.listed = 10
    run = await _imported(world)
    proof = await world.proofs.of(run)
    assert proof["entities"]["user"]["figures"]["listed"] == 130
    assert set(_verdicts(proof).values()) == {"proven"}


class _Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("stage", [Stage.COMPARE, Stage.VERIFY])
async def test_a_kill_in_the_middle_of_the_proof_is_harmless(world: World, stage: Stage) -> None:
    run = await world.start()
    killed = False
    for _ in range(200):
        if (await world.tick(run)).stop:
            break
        for text in await world.messages(IMPORT_QUEUE):
            message = ImportMessage.load(text)
            if message.key.stage is stage and not killed:
                killed = True
                await _killed_while_reading(world, message)
                world.rewire()
            else:
                await world.work(message)
        await world.deliver()
        world.clock.offset += 5
    proof = await world.proofs.of(await world.run(run.run_id))
    assert killed
    assert set(_verdicts(proof).values()) == {"proven"}
    assert {name: one["figures"]["verified"] for name, one in proof["entities"].items()} == IMPORTED


async def _killed_while_reading(world: World, message: ImportMessage) -> None:
    def kill(*_: Any) -> None:
        raise _Killed

    world.gateway.before = kill
    with pytest.raises(_Killed):
        await world.work(message)
    world.gateway.before = lambda *_: None


async def test_a_row_of_the_proof_that_always_crashes_leaves_its_figures_unverified(world: World) -> None:
    class Crash(Exception):
        """The worker is gone."""

    def crash(method: str, _items: Sequence[OutgoingItem]) -> None:
        if method == "import.read":
            raise Crash

    run = await world.start()
    world.gateway.before = crash
    for _ in range(200):
        if (await world.tick(run)).stop:
            break
        for text in await world.messages(IMPORT_QUEUE):
            try:
                await world.work(ImportMessage.load(text))
            except Crash:
                await world.poison.slice(ImportMessage.load(text))
                await world.poison.slice(ImportMessage.load(text))
        await world.deliver()
        world.clock.offset += 5
    proof = await world.proofs.of(await world.run(run.run_id))
    assert proof["state"] == "completed_with_errors"
    assert set(_verdicts(proof).values()) == {"unverified"}
    assert await world.stores.dead_letters.page(run.run_id) == []


async def test_a_dry_run_proves_nothing(world: World) -> None:
    run = await world.drive((await world.start(RunMode.DRY_RUN)).run_id)
    proof = await world.proofs.of(run)
    assert (proof["entities"], proof["gates"], proof["passed"]) == ({}, [], None)


async def test_a_delta_proves_what_it_brought_and_lists_nothing(world: World) -> None:
    await _imported(world)
    world.portal.records["department"][3]["NAME"] = "renamed"
    run = await world.drive((await world.start(RunMode.DELTA)).run_id)
    proof = await world.proofs.of(run)
    assert (await world.status(run.run_id))["target_methods"].keys().isdisjoint({"import.list", "import.count"})
    assert proof["entities"]["department"]["figures"]["verified"] == 12
    assert _gates(proof)["orphans"] == "not_asked"
    assert proof["passed"] is True


async def test_calls_per_thousand_records_stay_few(world: World) -> None:
    for number in range(1000, 2000):
        world.portal.records["user"][number] = {"EMAIL": f"u{number}@example.com", "DEPARTMENTS": [1]}
    world.pace = type(world.pace)(slice_rows=1000)
    world.portal.page = 2000
    world.rewire()
    await _imported(world)
    run, _ = await _validated(world)
    methods = (await world.status(run.run_id))["target_methods"]
    assert methods["import.read"]["ok"] <= 18
    assert methods["import.list"]["ok"] <= 4


async def test_what_went_missing_at_the_target_comes_again_with_the_next_run(world: World) -> None:
    await _imported(world)
    del world.gateway.records["user", "10"]
    await _validated(world)
    run = await _imported(world)
    again = await world.proofs.of(run)
    assert ("user", "10") in world.gateway.records
    assert set(_verdicts(again).values()) == {"proven"}


async def test_work_that_is_added_to_a_run_is_proven_too(world: World) -> None:
    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        wrong = entity == "group" and item.source_id == "4"
        return Receipt("4", "failed", code="VALIDATION", reason="no") if wrong else None

    world.gateway.refuse = refuse
    run = await _imported(world)
    world.gateway.refuse = lambda _entity, _item: None
    await world.requeueing.requeue(Selection((), run_id=run.run_id), "tester", world.starter)
    proof = await world.proofs.of(await world.drive(run.run_id))
    figures = proof["entities"]["group"]["figures"]
    assert (figures["absent"], figures["verified"], figures["listed"]) == (0, 45, 45)
    assert set(_verdicts(proof).values()) == {"proven"}


async def test_a_run_that_was_cancelled_passes_no_gate(world: World) -> None:
    await _imported(world)
    run = await world.start()
    for _ in range(4):
        await world.tick(run)
        await world.deliver()
    await world.control.cancel(run.run_id, "tester")
    proof = await world.proofs.of(await world.run(run.run_id))
    assert proof["passed"] is False
    assert _gates(proof)["counts_match"] == "unverified"


async def test_a_record_that_the_source_shows_twice_is_expected_once(world: World) -> None:
    read = world.portal.read

    async def twice(entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        page = await read(entity, cursor, extracted)
        if entity != "group" or page.records[0].id == "1":
            return page
        return replace(page, records=(*page.records, SourceRecord("1", world.portal.records["group"][1])))

    world.portal.read = twice  # type: ignore[method-assign]
    proof = await world.proofs.of(await _imported(world))
    figures = proof["entities"]["group"]["figures"]
    assert figures["verified"] > figures["listed"] == 45
    assert _gates(proof)["counts_match"] == "passed"


async def test_a_row_of_the_proof_that_nobody_comes_back_from_is_left_unproven_by_the_watchdog(world: World) -> None:
    run = await world.start()
    for _ in range(200):
        await world.tick(run)
        rows = await world.stores.ledger.scan(run.run_id, stage=Stage.VERIFY)
        if rows:
            break
        await world.deliver()
        world.clock.offset += 5
    for row in rows:
        await world.stores.ledger.update(replace(row, attempts=world.pace.most_attempts))

    async def alive(_instance_id: str) -> bool:
        return True

    await world.watchdog.look(("demo",), alive, world.starter)
    proof = await world.proofs.of(await world.drive(run.run_id))
    assert await world.stores.dead_letters.page(run.run_id) == []
    assert {one["figures"]["unread"] for one in proof["entities"].values()} == set(IMPORTED.values())
    assert _gates(proof)["counts_match"] == "unverified"


async def test_what_is_missing_comes_again_though_storage_was_out_as_that_was_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.drive((await world.start()).run_id)
    del world.gateway.records["group", "7"]
    change, stumbles = References.change, iter([True])

    async def out(self: References, plan: str, changes: Any) -> None:
        if next(stumbles, False):
            raise RetryLater("storage.unreachable", "out")
        await change(self, plan, changes)

    monkeypatch.setattr(References, "change", out)
    looking = await world.start(RunMode.VALIDATE)
    with pytest.raises(RetryLater):
        await world.drive(looking.run_id)
    world.clock.offset += 60
    looked = await world.drive(looking.run_id)
    assert looked.reason == "proof.differs"
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED
    assert ("group", "7") in world.gateway.records
