"""What a run cost is told from what was counted, and what was not is an estimate that says so."""

from dataclasses import replace

from composition.counters import Counters
from composition.counting_ledger import CountingLedger
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.ports.evidence import record_transaction, recording
from shared.report.cost import Quantities, estimate
from shared.storage.memory.opening import open_memory_stores
from tests.unit.engine.conftest import World
from tests.unit.report.conftest import Report

_RUN = Quantities(extracted=2000, handled=1000, seconds=100.0)


async def test_a_row_takes_along_what_storage_did_for_it_and_its_own_write() -> None:
    ledger = CountingLedger(open_memory_stores().ledger, Counters())
    key = PageKey("run-1", "user", 0, Stage.EXTRACT, 0)
    await ledger.insert([PageRow(key)])
    with recording():
        for service in ("table", "blob", "blob"):
            record_transaction(service)
        row = await ledger.get(key)
        assert row is not None
        await ledger.commit(replace(row, state=PageState.DONE))
    done = await ledger.get(key)
    assert done is not None
    assert done.transactions == 4


async def test_the_report_adds_up_what_the_rows_took(world: World, report: Report) -> None:
    run = await world.drive((await world.start()).run_id)
    rows = await world.stores.ledger.scan(run.run_id)
    for row in rows:
        await world.stores.ledger.update(replace(row, transactions=3))
    found = (await report(run))["cost"]["storage_transactions"]
    assert found["measured"] == 3 * len(rows)


def test_what_was_measured_is_told_apart_from_what_is_estimated_around_it() -> None:
    told = estimate(replace(_RUN, transactions=500))
    counted = told["storage_transactions"]
    assert (counted["measured"], counted["around_them"], counted["around_them_arithmetic"]) == (500, 4000, "100 s × 40")
    assert told["lines"][0]["arithmetic"] == "(500 measured + about 4000) / 10,000 × 0.07"


def test_where_nobody_counted_the_estimate_says_so() -> None:
    told = estimate(_RUN)
    assert told["storage_transactions"]["measured"] is None
    assert told["storage_transactions"]["arithmetic"] == "2000 read / 1,000 × 25 + 1000 handled / 1,000 × 60"
    assert told["lines"][0]["arithmetic"] == "about 110, not measured, / 10,000 × 0.07"
