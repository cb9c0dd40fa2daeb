"""What is measured of extraction: deals of a portal, into durable blobs."""

from dataclasses import dataclass, replace
from pathlib import Path

from lab.bench.measures import Measure, extract_deals, peak_memory_mib, processor_seconds, run_plan
from lab.bench.rivalry import extracted_ids, lost, rival
from lab.bench.sampling import Sampler, growth, storage_transactions
from lab.system import UNLIMITED, System

_EMPTY = replace(UNLIMITED, users=10, departments=1, groups=1)
_CALL_RECORDS = 2_500
"""The most that one call can bring: 50 pages of 50 records."""


def portal_limit(directory: Path) -> list[Measure]:
    """The portal's own limit, with a small burst so that it binds soon; 2,500 records to a call are possible."""
    portal = replace(_EMPTY, deals=250_000, rate=2.0, burst=10)
    with System(directory, portal) as system:
        system.start()
        api = system.api()
        with Sampler(system, ()) as sampler:
            status = extract_deals(system, api)
        refused = system.stats()["refused"]
        api.close()
    steady = growth(sampler.samples, "requests", beyond=2 * portal.burst)
    calls = steady.last.requests - steady.first.requests
    deals = status["entities"]["deal"]
    return [
        Measure("extraction at the portal's limit", calls / steady.seconds, "calls/s", portal.rate, "limit"),
        Measure("deals to a call", deals["extracted"] / deals["pages"]["done"], "records", _CALL_RECORDS, "at most"),
        Measure("calls refused for their rate", refused, "calls"),
    ]


def operating_limit(directory: Path) -> list[Measure]:
    """A portal whose pages are dear: 480 s of one method in any minute, at 1 s a page; the first 480 s come at once.

    There are as many deals as three times the seconds pay for, so that the limit binds until the end.
    """
    limit, window, page = 480.0, 60.0, 1.0
    more = ("--operating-limit", str(limit), "--operating-window", str(window), "--operating-ms", str(page * 1_000))
    with System(directory, replace(_EMPTY, deals=65_300, more=more)) as system:
        system.start()
        api = system.api()
        with Sampler(system, ()) as sampler:
            extract_deals(system, api)
        counted = system.stats()
        api.close()
    reading = growth(sampler.samples, "requests")
    spent = counted["calls"]["crm.item.list"] * page
    allowed = limit * (1 + reading.seconds / window)
    return [
        Measure("extraction when `operating` binds", spent, "s", allowed, "allowed in the time"),
        Measure("commands refused for `operating`", counted["blocked"], "commands"),
    ]


def beside_fast_bitrix24(directory: Path) -> list[Measure]:
    """Ours into durable blobs, and fast_bitrix24 into memory: the same portal, one process each, no limit."""
    deals = 40_000
    with System(directory / "still", replace(_EMPTY, deals=deals)) as system:
        system.start()
        theirs = rival(system)
        api = system.api()
        with Sampler(system, ()) as sampler:
            extract_deals(system, api)
        api.close()
    ours = deals / growth(sampler.samples, "requests").seconds
    with System(directory / "changing", replace(_EMPTY, deals=deals, more=("--mutate", "100"))) as system:
        system.start()
        seen = set(rival(system).ids)
        theirs_lost = lost(system, seen)
        api = system.api()
        extract_deals(system, api)
        api.close()
        ours_lost = lost(system, set(extracted_ids(system)))
    return [
        Measure("extraction, no limit, into blobs", ours, "records/s", deals / theirs.seconds, "fast_bitrix24, memory"),
        Measure("records lost while the portal changes", len(ours_lost), "records"),
        Measure("… by fast_bitrix24", len(theirs_lost), "records"),
    ]


def many_deals(directory: Path) -> list[Measure]:
    """Whether the cost of a record depends on how many there are, apart from what a run of one page costs."""
    page, few, many = (_cost(directory / str(deals), deals) for deals in (50, 10_000, 200_000))
    return [
        Measure("host's time per record, 200,000 deals", many.per_record(page), "ms", few.per_record(page), "10,000"),
        Measure("host's memory at 200,000 deals", many.mib, "MiB", 512, "at most"),
        Measure("storage transactions, 200,000 deals", many.transactions / 200, "per 1,000 records", 25, "at most"),
    ]


@dataclass(frozen=True, slots=True)
class _Cost:
    """``seconds`` of the host's processor for a run of so many ``deals``, its peak memory, storage transactions."""

    deals: int
    seconds: float
    mib: float
    transactions: int

    def per_record(self, page: "_Cost") -> float:
        """Milliseconds for each of the deals that are more than those of ``page``."""
        return (self.seconds - page.seconds) / (self.deals - page.deals) * 1_000


def _cost(directory: Path, deals: int) -> _Cost:
    with System(directory, replace(_EMPTY, deals=deals)) as system:
        system.start()
        api = system.api()
        run_plan(system, api, ("department",))  # what is loaded and connected at first belongs to no record
        pid = system.hosts[0].pid
        seconds, transactions = processor_seconds(pid), storage_transactions(api)
        extract_deals(system, api)
        seconds, transactions = processor_seconds(pid) - seconds, storage_transactions(api) - transactions
        api.close()
        return _Cost(deals, seconds, peak_memory_mib(pid), transactions)
