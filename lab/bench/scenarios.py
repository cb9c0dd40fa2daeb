"""What is measured, each on a fresh system."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from lab.api import ENDED, Api, Json, totals
from lab.bench.sampling import Sampler, growth
from lab.proof import ENTITIES
from lab.system import UNLIMITED, Portal, System

_PATIENCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result. ``share`` is the value as a part of ``reference``, None when there is none."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    meaning: str = ""

    @property
    def share(self) -> float | None:
        """What part of the reference was reached."""
        return self.value / self.reference if self.reference else None


def without_limits(directory: Path) -> list[Measure]:
    """A portal that answers as fast as it can, and a gateway whose rates are not reached; then an unchanged re-run."""
    portal = replace(UNLIMITED, users=20_000, departments=200, groups=200)
    with System(directory, portal) as system:
        system.start()
        api = system.api()
        with Sampler(system, ENTITIES) as first:
            records = totals(_run(system, api), "extracted")
        extraction, delivery = growth(first.samples, "requests"), growth(first.samples, "arrived")
        with Sampler(system, ENTITIES) as second:
            rerun = _run(system, api)
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


def portal_limit(directory: Path) -> list[Measure]:
    """The portal's own limit, with a small burst so that it binds soon. Group members cost a call per 50 groups."""
    portal = Portal(users=50, departments=5, groups=5_000, rate=2.0, burst=10)
    with System(directory, portal) as system:
        system.start()
        api = system.api()
        with Sampler(system, ENTITIES) as sampler:
            _run(system, api)
        refused = system.stats()["refused"]
        api.close()
    steady = growth(sampler.samples, "requests", beyond=2 * portal.burst)
    calls = steady.last.requests - steady.first.requests
    return [
        Measure("extraction at the portal's limit", calls / steady.seconds, "calls/s", portal.rate, "limit"),
        Measure("calls refused for their rate", refused, "calls"),
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
            _run(system, api)
        api.close()
    steady = growth(sampler.samples, "arrived", beyond=users // 2)
    rate = (steady.last.arrived - steady.first.arrived) / steady.seconds
    return [Measure("import at the gateway's limit", rate, "records/s", per_minute * per_call / 60, "limit")]


def _run(system: System, api: Api) -> Json:
    def ended(status: Json) -> bool:
        system.must_be_alive()  # a run waits long for a part that does not answer
        return status["state"] in ENDED

    status = api.wait_for(api.start(), ended, timeout=_PATIENCE_SECONDS)
    if status["state"] != "completed":
        raise RuntimeError(f"the run ended {status['state']}: {status['reason']} {status['message']}")
    return status
