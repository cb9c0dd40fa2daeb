"""What is measured of extraction: deals of a portal, into durable blobs."""

from dataclasses import replace
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
            records = extract_deals(system, api)["entities"]["deal"]["extracted"]
        refused = system.stats()["refused"]
        api.close()
    steady = growth(sampler.samples, "requests", beyond=2 * portal.burst)
    calls = steady.last.requests - steady.first.requests
    per_call = records / sampler.samples[-1].requests
    return [
        Measure("extraction at the portal's limit", calls / steady.seconds, "calls/s", portal.rate, "limit"),
        Measure("records to a call", per_call, "records", _CALL_RECORDS, "at most"),
        Measure("calls refused for their rate", refused, "calls"),
    ]


def operating_limit(directory: Path) -> list[Measure]:
    """A portal whose pages are dear: 480 s of one method in any 30 s, at 1 s a page; the first 480 s come at once."""
    limit, window, page = 480.0, 30.0, 1.0
    more = ("--operating-limit", str(limit), "--operating-window", str(window), "--operating-ms", str(page * 1_000))
    with System(directory, replace(_EMPTY, deals=60_000, more=more)) as system:
        system.start()
        api = system.api()
        with Sampler(system, ()) as sampler:
            status = extract_deals(system, api)
        api.close()
    refused = sum(count for call, count in status["calls"].items() if "operating" in call)
    reading = growth(sampler.samples, "requests")
    pages = status["entities"]["deal"]["extracted"] / 50
    allowed = limit / page * (1 + reading.seconds / window)
    return [
        Measure("extraction when `operating` binds", pages, "pages", allowed, "allowed in the time"),
        Measure("commands refused for `operating`", refused, "commands"),
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
    """Whether the cost of a record depends on how many there are. Processor time is the host's own."""
    few, many = (_cost(directory / str(deals), deals) for deals in (10_000, 200_000))
    return [
        Measure("host's time per record, 200,000 deals", many[0], "ms", few[0], "10,000 deals"),
        Measure("host's memory at 200,000 deals", many[1], "MiB", 512, "at most"),
        Measure("storage transactions, 200,000 deals", many[2], "per 1,000 records", 25, "at most"),
    ]


def _cost(directory: Path, deals: int) -> tuple[float, float, float]:
    """Milliseconds of the host's processor per record, its peak in MiB, transactions per 1,000 records."""
    with System(directory, replace(_EMPTY, deals=deals)) as system:
        system.start()
        api = system.api()
        run_plan(system, api, ("department",))  # what is loaded and connected at first belongs to no record
        pid = system.hosts[0].pid
        seconds, transactions = processor_seconds(pid), storage_transactions(api)
        extract_deals(system, api)
        seconds, transactions = processor_seconds(pid) - seconds, storage_transactions(api) - transactions
        api.close()
        return seconds / deals * 1_000, peak_memory_mib(pid), transactions / deals * 1_000
