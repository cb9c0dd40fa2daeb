"""Nobody is told that something is proven that the run did not look at; and nobody builds upon it."""

from dataclasses import replace

import pytest

from shared.engine.proof.slices import Slice
from shared.engine.proof.telling import Told
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Stage
from shared.model.records import SourceRecord
from shared.model.run import Run, RunMode, RunOptions, RunState
from tests.unit.engine.conftest import IMPORTED, World


async def _run(world: World, mode: RunMode = RunMode.FULL) -> Run:
    return await world.drive((await world.start(mode)).run_id)


async def _follows(world: World, run: Run) -> bool:
    """Whether the next run believes the seals of this one."""
    return (await world.start()).follows == run.run_id


def _gates(proof: JsonObject) -> dict[str, str]:
    return {one["gate"]: one["result"] for one in proof["gates"]}


def _verdict(proof: JsonObject, entity: str) -> str | None:
    verdict: str | None = proof["entities"][entity]["verdict"]
    return verdict


async def test_a_delta_that_had_nothing_of_an_entity_to_read_back_does_not_call_it_proven(world: World) -> None:
    await _run(world)
    for key in [key for key in world.gateway.records if key[0] == "group"]:
        del world.gateway.records[key]
    run = await _run(world, RunMode.DELTA)
    proof = await world.proofs.of(run)
    assert (run.state, _verdict(proof, "department"), _verdict(proof, "group")) == (
        RunState.COMPLETED,
        "proven",
        "not_asked",
    )
    assert proof["entities"]["group"]["reasons"] == [
        "the run had nothing of it to read back, and looked at nothing else"
    ]


async def test_a_delta_that_had_nothing_to_read_back_at_all_passes_nothing(world: World) -> None:
    await _run(world)
    run = await world.drive((await world.start(RunMode.DELTA, ("user", "group"))).run_id)
    proof = await world.proofs.of(run)
    assert (run.state, proof["passed"]) == (RunState.COMPLETED, None)


async def test_an_empty_entity_is_proven_empty_by_what_the_target_lists(world: World) -> None:
    world.portal.records["group"].clear()
    assert _verdict(await world.proofs.of(await _run(world)), "group") == "proven"


@pytest.mark.parametrize("stage", [Stage.COMPARE, Stage.VERIFY])
async def test_a_run_that_is_cancelled_between_two_phases_of_its_proof_proves_nothing(
    world: World, stage: Stage
) -> None:
    run = await world.start()
    while not (rows := await world.stores.ledger.scan(run.run_id, stage=stage)) or any(
        row.state == "pending" for row in rows
    ):
        await world.tick(run)
        await world.deliver()
        world.clock.offset += 1
    await world.control.cancel(run.run_id, "tester")
    proof = await world.proofs.of(await world.run(run.run_id))
    assert {name: _verdict(proof, name) for name in IMPORTED} == dict.fromkeys(IMPORTED)
    assert _gates(proof)["counts_match"] == "unverified"


async def test_a_gate_about_a_sample_that_nobody_asked_for_is_not_passed(world: World) -> None:
    world.options = RunOptions(sample=0.0)
    assert _gates(await world.proofs.of(await _run(world)))["sample_equal"] == "not_asked"


async def test_however_small_the_sample_is_every_entity_has_a_record_of_it(world: World) -> None:
    world.options = RunOptions(sample=1e-9)
    proof = await world.proofs.of(await _run(world))
    sampled = {name: one["figures"]["sampled"] for name, one in proof["entities"].items()}
    assert min(sampled.values()) > 0
    assert sum(sampled.values()) < 20
    assert _gates(proof)["sample_equal"] == "passed"


async def test_a_part_of_a_sample_finds_what_it_draws_and_no_more(world: World) -> None:
    world.options = RunOptions(sample=0.2)
    figures = (await world.proofs.of(await _run(world)))["entities"]["user"]["figures"]
    assert 1 <= figures["sampled"] < figures["verified"] == 130


DRAWN = (96, 196)
"""Of a thousand records: a tenth, and a fifth."""

FIRST_DRAWN = [10, 15, 22, 30, 55, 69, 72, 96]


async def test_the_drawing_of_a_run_is_always_the_same_and_grows_with_the_share(world: World) -> None:
    run = replace(await world.start(), run_id="20260301-120000-abcdef")
    ids = [str(number) for number in range(1, 1001)]
    tenth, fifth = (_slice(world, run, ids, share).drawn(ids) for share in (0.1, 0.2))
    assert sorted(map(int, tenth))[:8] == FIRST_DRAWN
    assert (len(tenth), len(fifth), tenth < fifth) == (*DRAWN, True)
    assert _slice(world, run, ids, 0.0).drawn(ids) == set()
    assert _slice(world, run, ids, 1.0).drawn(ids) == set(ids)


async def test_the_one_record_that_is_drawn_at_least_can_be_made_anew(world: World) -> None:
    run, ids = await world.start(), ["1", "2", "3"]
    slice_ = _slice(world, run, ids, 1e-9, kept=frozenset({"1"}), given_up=frozenset({"3"}))
    assert slice_.drawn(ids) == {"2"}


def _slice(world: World, run: Run, ids: list[str], sample: float, **told: frozenset[str]) -> Slice:
    run = replace(run, options=RunOptions(sample=sample))
    none = frozenset[str]()
    known = {one: IdMapEntry("user", one, f"t-{one}", "c", world.clock.now(), "other", "created", "") for one in ids}
    records = [SourceRecord(one, {}) for one in ids]
    of_receipts = Told(told.get("given_up", none), told.get("kept", none), none, whole=True)
    return Slice(run, world.of("demo"), "user", records, known, of_receipts)


async def test_a_run_whose_proof_was_refused_says_so_and_is_not_built_upon(world: World) -> None:
    world.gateway.closed = {"import.read", "import.list", "import.count"}
    run = await _run(world)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "proof.unverified")
    assert run.message == (
        "Neither proven nor refuted: department (target.refused), user (target.refused), group (target.refused)"
    )
    assert not await _follows(world, run)


async def test_a_run_that_read_every_slice_back_is_built_upon_though_the_target_does_not_count(world: World) -> None:
    world.gateway.closed = {"import.count"}
    run = await _run(world)
    assert run.reason == "proof.unverified"
    assert await _follows(world, run)


async def test_a_validating_run_that_may_not_look_takes_no_signature_away(world: World) -> None:
    run = await _run(world)
    world.gateway.closed = {"import.read"}
    assert (await _run(world, RunMode.VALIDATE)).reason == "proof.unverified"
    assert await _follows(world, run)


async def test_a_delta_that_brought_nothing_is_built_upon(world: World) -> None:
    await _run(world)
    run = await world.drive((await world.start(RunMode.DELTA, ("user", "group"))).run_id)
    assert await _follows(world, run)


async def test_a_gate_that_fails_is_an_error_of_the_run_and_named(world: World) -> None:
    await _run(world)
    del world.portal.records["group"][45]
    run = await _run(world, RunMode.VALIDATE)
    assert (run.state, run.reason) == (RunState.COMPLETED_WITH_ERRORS, "proof.gate_failed")
    assert run.message == "gate counts_match: group: 44 expected, 45 at the target"
