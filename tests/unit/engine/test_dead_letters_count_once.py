"""A record that was given up is given up once, whatever else was still to be done with it."""

from collections.abc import Sequence

import pytest

from shared.model.ledger import PageRow
from shared.model.records import OutgoingItem, Receipt
from shared.ports.stores import Ledger
from tests.unit.engine.conftest import World


class Killed(Exception):
    """The worker is gone."""


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
    (letter,) = await world.stores.dead_letters.page(run.run_id)
    assert (letter.source_id, letter.reason, letter.field) == ("3", "target.rejected_record", "name")


async def test_a_letter_of_an_attempt_that_died_is_taken_back_by_the_one_that_gets_the_record_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    belongs_to_another = Receipt("3", "failed", code="CONFLICT", field="email", reason="belongs to another")
    world.gateway.refuse = lambda entity, item: (
        belongs_to_another if (entity, item.source_id) == ("user", "3") else None
    )
    ledger = type(world.stores.ledger)
    commit = ledger.commit

    async def dying(self: Ledger, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
        if done.key.entity == "user" and done.counts.failed:
            raise Killed
        await commit(self, done, follow)

    run = await world.start()
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "commit", dying)
        with pytest.raises(Killed):
            await world.drive(run.run_id)
    assert [one.source_id for one in await world.stores.dead_letters.page(run.run_id)] == ["3"]
    world.gateway.refuse = lambda _entity, _item: None
    world.rewire()
    world.clock.offset += 600
    await world.drive(run.run_id)
    assert ("user", "3") in world.gateway.records
    assert await world.stores.dead_letters.page(run.run_id) == []
