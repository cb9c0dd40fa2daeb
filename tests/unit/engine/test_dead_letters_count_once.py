"""A record that was given up is given up once, whatever else was still to be done with it."""

from shared.model.records import OutgoingItem, Receipt
from tests.unit.engine.conftest import World


async def test_a_rejected_record_that_also_misses_a_reference_is_counted_once(world: World) -> None:
    def refuse(entity: str, item: OutgoingItem) -> Receipt | None:
        if (entity, item.source_id) == ("department", "3"):
            return Receipt("3", "failed", code="VALIDATION", field="name", reason="too long")
        return None

    world.gateway.refuse = refuse
    run = await world.start()
    await world.drive(run.run_id)
    department = (await world.status(run.run_id))["entities"]["department"]
    assert (department["imported"], department["dead_lettered"], department["patched"]) == (11, 1, 11)
    (letter,) = await world.stores.dead_letters.list(run.run_id)
    assert (letter.source_id, letter.reason, letter.field) == ("3", "target.rejected_record", "name")
