"""What a process counts as it works."""

import pytest

from composition.counters import Counters
from composition.counting_ledger import CountingLedger
from shared.model.errors import Conflict
from shared.model.ledger import Counts, PageKey, PageRow, Stage
from shared.storage.memory.opening import open_memory_stores

KEY = PageKey("run-1", "deal", 0, Stage.IMPORT, 0)


def _counted(counters: Counters) -> dict[tuple[str, ...], float]:
    return {(metric.name, *labels): total.value for metric, labels, total in counters.meter.totals()}


async def _pending(ledger: CountingLedger) -> PageRow:
    await ledger.insert([PageRow(KEY)])
    row = await ledger.get(KEY)
    assert row is not None
    return row


async def test_a_completed_slice_counts_its_records_by_outcome() -> None:
    counters = Counters()
    ledger = CountingLedger(open_memory_stores().ledger, counters)
    row = await _pending(ledger)
    counts = Counts(imported=7, created=4, updated=3, skipped=2, dead_lettered=1, failed=1)
    await ledger.commit(PageRow(KEY, counts=counts, etag=row.etag))
    assert _counted(counters) == {
        ("portage.pages", "deal", "import"): 1.0,
        ("portage.records", "deal", "imported"): 7.0,
        ("portage.records", "deal", "skipped"): 2.0,
        ("portage.records", "deal", "dead_lettered"): 1.0,
        ("portage.records", "deal", "failed"): 1.0,
        ("portage.skipped_count", "deal"): 2.0,
    }


async def test_whoever_comes_second_counts_nothing() -> None:
    counters = Counters()
    ledger = CountingLedger(open_memory_stores().ledger, counters)
    row = await _pending(ledger)
    done = PageRow(KEY, counts=Counts(imported=7), etag=row.etag)
    await ledger.commit(done)
    with pytest.raises(Conflict):
        await ledger.commit(done)
    assert _counted(counters)["portage.records", "deal", "imported"] == 7.0


def test_a_call_that_was_refused_for_its_rate_is_throttled() -> None:
    counters = Counters()
    counters.call("source", "user.get", "source.throttled")
    counters.call("source", "user.get", "source.unreachable")
    assert _counted(counters)["portage.throttled", "source", "user.get"] == 1.0


def test_only_what_repeats_a_call_is_a_retry() -> None:
    counters = Counters()
    note = counters.timing("target")
    note("import.users.batch", 12.5, 0)
    note("import.users.batch", 40.0, 1)
    counted = _counted(counters)
    assert counted["portage.retries", "target", "import.users.batch"] == 1.0
    assert counted["portage.latency_ms", "target", "import.users.batch"] == 52.5


def test_storage_transactions_are_told_once() -> None:
    counters = Counters()
    counters.storage["table"] += 3
    first, second = counters.readings(), counters.readings()
    assert ([one.value for one in first], second) == ([3.0], [])
    assert 'portage_storage_transactions_total{service="table"} 3\n' in counters.exposition()
