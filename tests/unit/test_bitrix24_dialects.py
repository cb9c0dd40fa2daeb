"""However a portal writes its answers, the same records are read, and the plan makes the same of them."""

import asyncio

import pytest

from shared.model.run import RunOptions
from shared.schema.registry import SCHEMAS
from tests.contract.simulated_portal import Copy
from tests.unit import mapped
from tests.unit.portal_dialects import (
    Dialect,
    on_a_box,
    plain,
    portal_of,
    speaking,
    with_numbers,
    with_objects,
    with_other_nothings,
    without_counts,
)

ENTITIES = (
    *("department", "user", "group", "task", "workflow_template"),
    *("smart_process_type", "crm_category", "crm_status", "custom_field"),
    *("company", "contact", "deal", "smart_process_item"),
    *("feed_audience", "feed_post", "feed_comment"),
)
AS_IT_CAME = {"workflow_template"}
"""Entities of which the source's own tree travels."""

SIZE = (
    "--users 52 --departments 55 --groups 55 --tasks 60 --posts 60 --workflows 55 --deals 60 --contacts 20 "
    "--companies 20 --smart-types 2 --smart-items 55"
)
PORTAL = portal_of(*SIZE.split())


async def _read(dialect: Dialect) -> Copy:
    copy = Copy(speaking(PORTAL, dialect), RunOptions(private_posts=True))
    await copy.fetch(*ENTITIES)
    return copy


@pytest.fixture(scope="module")
def known() -> Copy:
    return asyncio.run(_read(plain))


@pytest.mark.parametrize(
    "dialect",
    [on_a_box, without_counts, with_objects, with_numbers, with_other_nothings],
    ids=lambda dialect: dialect.__name__,
)
async def test_a_portal_is_read_in_every_dialect(known: Copy, dialect: Dialect) -> None:
    copy = await _read(dialect)
    for entity in ENTITIES:
        rows, expected = copy.rows_of(entity), known.rows_of(entity)
        assert rows.keys() == expected.keys() != set(), entity
        assert copy.rebuilt(entity).keys() == rows.keys(), entity
        if entity in SCHEMAS and entity not in AS_IT_CAME:
            for source_id, row in rows.items():
                assert mapped.draft(entity, row).data == mapped.draft(entity, expected[source_id]).data, entity
