"""What is measured of imports, each on a fresh system."""

import json
from dataclasses import replace
from pathlib import Path

from lab.api import totals
from lab.bench.measures import Measure, run_plan
from lab.bench.sampling import Sampler, growth
from lab.system import UNLIMITED, System

_ENTITIES = ("department", "user", "group")


def without_limits(directory: Path) -> list[Measure]:
    """A portal that answers as fast as it can, and a gateway whose rates are not reached; then an unchanged re-run."""
    portal = replace(UNLIMITED, users=20_000, departments=200, groups=200)
    with System(directory, portal) as system:
        system.start()
        api = system.api()
        with Sampler(system, _ENTITIES) as first:
            records = totals(run_plan(system, api, _ENTITIES), "extracted")
        extraction, delivery = growth(first.samples, "requests"), growth(first.samples, "arrived")
        with Sampler(system, _ENTITIES) as second:
            rerun = run_plan(system, api, _ENTITIES)
        api.close()
    thousands = records / 1_000
    extracting = extraction.last.transactions - first.samples[0].transactions
    importing = first.samples[-1].transactions - extraction.last.transactions
    first_import = first.samples[-1].at - extraction.last.at
    second_import = second.samples[-1].at - growth(second.samples, "requests").last.at
    return [
        Measure("extraction, no limit", records / extraction.seconds, "records/s"),
        Measure("import, no limit", records / delivery.seconds, "records/s"),
        Measure("records sent by an unchanged re-run", totals(rerun, "imported"), "records"),
        Measure("import phase, first run : re-run", first_import / second_import, "times faster"),
        Measure("storage transactions, extraction", extracting / thousands, "per 1,000 records", 25, "at most"),
        Measure("storage transactions, import", importing / thousands, "per 1,000 records", 60, "at most"),
    ]


def gateway_limit(directory: Path) -> list[Measure]:
    """A gateway whose rate binds: measured once the allowance of the first minute is spent."""
    per_minute, per_call = 60, 50
    users = 2 * per_minute * per_call
    limits = {"GATEWAY_LIMITS": json.dumps({"import.users.batch": {"max_items": per_call, "per_minute": per_minute}})}
    with System(directory, replace(UNLIMITED, users=users), gateway_settings=limits) as system:
        system.start()
        api = system.api()
        with Sampler(system, ("user",)) as sampler:
            run_plan(system, api, _ENTITIES)
        api.close()
    steady = growth(sampler.samples, "arrived", beyond=users // 2)
    rate = (steady.last.arrived - steady.first.arrived) / steady.seconds
    return [Measure("import at the gateway's limit", rate, "records/s", per_minute * per_call / 60, "limit")]
