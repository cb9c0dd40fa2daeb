"""A proof that only looks knows nothing of what differs while others write, and says so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.model.run import Run, RunMode
from tests.unit.engine.conftest import World


async def _full(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def test_a_validating_run_that_begins_while_another_writes_does_not_know_what_differs(world: World) -> None:
    await _full(world)
    world.portal.records["group"][3]["NAME"] = "g3 anew"
    writer = await world.start()
    looking = await world.start(RunMode.VALIDATE)
    while not (await world.tick(looking)).stop:
        await world.deliver()
        world.clock.offset += 1
    assert (await world.run(writer.run_id)).state.works
    run = await world.run(looking.run_id)
    assert run.reason == "proof.unverified"
    assert (await world.proofs.of(run))["entities"]["group"]["findings"] == []


async def test_what_another_run_wrote_meanwhile_is_not_taken_for_a_difference(world: World) -> None:
    """The source is read before a change of it, the target after the change was brought there."""
    await _full(world)
    looking = await world.start(RunMode.VALIDATE)
    while (await world.counts(looking.run_id, "extracted"))["group"] < len(world.portal.records["group"]):
        await world.tick(looking)
        await world.deliver()
    world.portal.records["group"][3]["NAME"] = "g3 anew"
    world.portal.records["group"][99] = {"NAME": "g99", "OWNER": "1"}
    await _full(world)
    run = await world.drive(looking.run_id)
    proof = await world.proofs.of(run)
    assert (run.reason, proof["passed"]) == ("proof.unverified", False)
    group = proof["entities"]["group"]
    assert (group["verdict"], group["findings"]) == ("unverified", [])
    assert "the list or count was not to be had: proof.overtaken" in group["reasons"]


async def test_a_writer_that_was_halted_meanwhile_counts_too(world: World) -> None:
    await _full(world)
    writer = await world.start()
    looking = await world.start(RunMode.VALIDATE)
    del world.gateway.records["group", "7"]
    await world.advancer.stopping.halt(writer.run_id, writer.epoch, "run.defect", "a defect")
    run = await world.drive(looking.run_id)
    assert run.reason == "proof.unverified"


async def test_a_writer_that_was_halted_before_is_no_excuse(world: World) -> None:
    await _full(world)
    writer = await world.start()
    await world.advancer.stopping.halt(writer.run_id, writer.epoch, "run.defect", "a defect")
    del world.gateway.records["group", "7"]
    world.clock.offset += 60
    assert (await world.drive((await world.start(RunMode.VALIDATE)).run_id)).reason == "proof.differs"


async def test_what_another_run_wrote_before_is_no_excuse(world: World) -> None:
    await _full(world)
    del world.gateway.records["group", "7"]
    run = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    assert run.reason == "proof.differs"


async def test_who_was_written_again_as_it_was_missed_stays_in_the_id_map(world: World) -> None:
    await _full(world)
    del world.gateway.records["group", "7"]
    idmap = world.stores.idmaps.of("demo")
    (known,) = (await idmap.find("group", {"7": None})).values()
    anew = replace(known, target_id="t-anew", run_id="run-later")
    looking, read_back = await world.start(RunMode.VALIDATE), world.gateway.read

    async def read(entity: str, source_ids: Sequence[str]) -> dict[str, Any]:
        answer = await read_back(entity, source_ids)
        if entity == "group" and "7" in source_ids:
            await idmap.write([anew])
        return answer

    world.gateway.read = read  # type: ignore[method-assign]
    await world.drive(looking.run_id)
    assert await idmap.find("group", {"7": None}) == {"7": anew}
