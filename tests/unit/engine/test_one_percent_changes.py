"""A re-run of the main plan sends what has changed, and nothing else, whatever the entity."""

from collections import defaultdict
from collections.abc import Callable

from shared.model.run import Run, RunState
from tests.unit.engine.whole_plan import ROWS, PlanWorld, Row, source_id, whole_plan

EACH = 200
CHANGED = (50, 150)
"""One of a hundred."""

CHANGES: dict[str, Callable[[Row], Row]] = {
    "media_file": lambda row: row | {"checksum": "f" * 64},
    "department": lambda row: row | {"SORT": 7},
    "user": lambda row: row | {"WORK_POSITION": "Director"},
    "group": lambda row: row | {"members": [*row["members"], {"USER_ID": 1, "ROLE": "K"}]},
    "chat": lambda row: row | {"name": "Another name"},
    "chat_message": lambda row: row | {"text": "Corrected"},
    "feed_post": lambda row: row | {"DETAIL_TEXT": "Corrected"},
    "feed_comment": lambda row: row | {"text": "Corrected"},
    "task": lambda row: row | {"status": "5"},
    "task_comment": lambda row: row | {"text": "Corrected"},
    "company": lambda row: row | {"comments": "Important"},
    "contact": lambda row: row | {"birthdate": "1990-01-02"},
    "deal": lambda row: row | {"stageId": "WON"},
    "smart_process_item": lambda row: row | {"opportunity": "12.50"},
    "workflow_template": lambda row: row | {"AUTO_EXECUTE": 1},
}
"""What somebody does to a record, by entity."""


async def run_to_the_end(world: PlanWorld) -> Run:
    run = await world.drive((await world.start()).run_id)
    assert run.state is RunState.COMPLETED, (run.state, run.message)
    return run


def sent(world: PlanWorld) -> dict[str, list[str]]:
    """Source ids by entity, each as often as it was sent."""
    found: dict[str, list[str]] = defaultdict(list)
    for entity, ids in world.gateway.calls:
        found[entity] += ids
    return {entity: sorted(ids) for entity, ids in found.items()}


async def test_changing_one_percent_of_the_records_sends_that_one_percent_in_every_entity() -> None:
    world = whole_plan(EACH)
    await run_to_the_end(world)
    assert {entity: len(set(ids)) for entity, ids in sent(world).items()} == dict.fromkeys(ROWS, EACH)
    for entity, change in CHANGES.items():
        for number in CHANGED:
            world.portal.records[entity][number] = change(world.portal.records[entity][number])
    world.gateway.calls.clear()
    run = await run_to_the_end(world)
    assert sent(world) == {entity: sorted(source_id(entity, n) for n in CHANGED) for entity in ROWS}
    counts = (await world.status(run.run_id))["entities"]
    assert {entity: (counts[entity]["updated"], counts[entity]["skipped"]) for entity in ROWS} == dict.fromkeys(
        ROWS, (len(CHANGED), EACH - len(CHANGED))
    )


async def test_a_rerun_in_which_nothing_has_changed_sends_nothing_of_any_entity() -> None:
    world = whole_plan(20)
    await run_to_the_end(world)
    world.gateway.calls.clear()
    world.rewire()
    await run_to_the_end(world)
    assert sent(world) == {}


async def test_what_changes_and_changes_back_is_sent_both_times() -> None:
    world = whole_plan(1)
    await run_to_the_end(world)
    for change in (CHANGES, {}):
        for entity, make in ROWS.items():
            row = make(1)
            world.portal.records[entity][1] = change[entity](row) if change else row
        world.gateway.calls.clear()
        await run_to_the_end(world)
        assert sent(world) == {entity: [source_id(entity, 1)] for entity in ROWS}
