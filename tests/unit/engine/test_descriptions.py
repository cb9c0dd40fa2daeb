"""What records are transformed by besides themselves."""

from shared.engine.describing import Descriptions
from shared.engine.extracted import RowCache


async def test_a_run_that_read_no_definitions_knows_none_but_the_portal(world) -> None:
    run = await world.start()
    around = await Descriptions(world.stores, RowCache(world.stores)).of(run, world.of(run.plan), "user")
    assert (around.definitions, around.hosts) == ({}, {(await world.of(run.plan).source.identity()).partition(":")[0]})
    assert around.imported == {"department", "user", "group"}
