"""A proof that only looks has nothing to tell while others write: it is refused, or says that it does not know."""

import pytest

from shared.engine.runs.refusals import ControlError
from shared.model.run import Run, RunMode
from tests.unit.engine.conftest import World


async def _full(world: World) -> Run:
    return await world.drive((await world.start()).run_id)


async def test_a_validating_run_is_refused_while_another_writes(world: World) -> None:
    writer = await world.start()
    with pytest.raises(ControlError) as caught:
        await world.start(RunMode.VALIDATE)
    assert (caught.value.code, writer.run_id in str(caught.value)) == ("RUN_ALREADY_ACTIVE", True)


async def test_a_validating_run_may_look_while_the_writer_is_paused(world: World) -> None:
    writer = await world.start()
    await world.control.pause(writer.run_id, "tester")
    await world.start(RunMode.VALIDATE)


async def test_a_paused_validating_run_does_not_go_on_while_another_writes(world: World) -> None:
    await _full(world)
    looking = await world.start(RunMode.VALIDATE)
    await world.control.pause(looking.run_id, "tester")
    await world.start()
    with pytest.raises(ControlError):
        await world.control.resume(looking.run_id, "tester", world.starter)


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


async def test_what_another_run_wrote_before_is_no_excuse(world: World) -> None:
    await _full(world)
    del world.gateway.records["group", "7"]
    run = await world.drive((await world.start(RunMode.VALIDATE)).run_id)
    assert run.reason == "proof.differs"
