"""A dead letter says why and where, and never what is in the record."""

from dataclasses import asdict
from typing import Any

from shared.model.records import OutgoingItem, Receipt

SECRET = "Zwetschgenkuchen"


async def letters(world: Any) -> list[dict[str, Any]]:
    run = await world.drive((await world.start()).run_id)
    return [asdict(one) for one in await world.stores.dead_letters.page(run.run_id)]


async def test_a_record_that_cannot_be_transformed_leaves_no_content_behind(world) -> None:
    world.portal.records["user"][7]["EMAIL"] = f"{SECRET} without an address"
    found = await letters(world)
    assert found
    assert SECRET not in str(found)


async def test_a_letter_points_to_the_archived_answer_and_the_row_that_gave_up(world) -> None:
    world.portal.records["user"][7]["EMAIL"] = SECRET
    letter = next(one for one in await letters(world) if one["entity"] == "user")
    assert SECRET.encode() in await world.stores.archive.get(letter["raw_blob"])
    assert (letter["attempts"], letter["reason"], letter["field"]) == (1, "transform.bad_value", "email")
    assert letter["page"].startswith("0/i-")


async def test_a_target_that_quotes_at_length_is_cut_short(world) -> None:
    def refuse(_entity: str, item: OutgoingItem) -> Receipt | None:
        return (
            Receipt(item.source_id, "failed", code="VALIDATION", reason="x" * 5_000) if item.source_id == "7" else None
        )

    world.gateway.refuse = refuse
    assert {len(one["message"]) for one in await letters(world)} == {500}
