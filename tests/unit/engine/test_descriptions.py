"""What records are transformed by besides themselves."""

from dataclasses import replace

from shared.engine.archive.extracted import RowCache
from shared.engine.archive.rows import dump_rows
from shared.engine.importing.describing import Descriptions
from shared.model.ledger import Counts, PageKey, PageRow, PageState, Stage
from shared.model.plan import Entity
from shared.model.records import SourceRecord


async def test_a_run_that_read_no_definitions_knows_none_but_the_portal(world) -> None:
    run = await world.start()
    around = await Descriptions(world.stores, RowCache(world, world.stores)).of(run, world.of(run.plan), "user")
    assert (around.definitions, around.hosts) == ({}, {(await world.of(run.plan).source.identity()).partition(":")[0]})
    assert around.imported == {"department", "user", "group"}


async def test_definitions_that_were_read_after_a_resume_are_known(world) -> None:
    described = replace(world.plan.entity("group"), described_by=("custom_field",))
    kept = tuple(entity for entity in world.plan.entities if entity.name != "group")
    world.plan = replace(world.plan, entities=(Entity("custom_field", archive_only=True), *kept, described))
    run = await world.start()
    descriptions = Descriptions(world.stores, RowCache(world, world.stores))
    before = await descriptions.of(run, world.of(run.plan), "group")
    await world.stores.archive.put("rows/fields", dump_rows([SourceRecord("7", {"FIELD_NAME": "UF_COLOUR"})]))
    key = PageKey(run.run_id, "custom_field", 0, Stage.EXTRACT, 0)
    page = PageRow(key, state=PageState.DONE, blob="rows/fields", counts=Counts(extracted=1))
    await world.stores.ledger.insert([page])
    after = await descriptions.of(replace(run, epoch=run.epoch + 1), world.of(run.plan), "group")
    assert (before.definitions, after.definitions) == ({}, {"7": {"FIELD_NAME": "UF_COLOUR"}})
