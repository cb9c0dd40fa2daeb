"""One seed: a company moves under chaos, then in peace to the end; what came of it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from lab.api import ENDED, Api, Json, Unexpected, totals
from lab.chaos.disturbing import Disturbance
from lab.chaos.evidence import keep_tables
from lab.chaos.judging import Findings, judge
from lab.chaos.surroundings import HarshSystem
from lab.demo.tables import TABLES
from lab.system import Portal

COMPANY = Portal(
    users=150,
    departments=12,
    groups=15,
    tasks=150,
    posts=120,
    chats=25,
    messages=500,
    workflows=6,
    deals=200,
    contacts=200,
    companies=100,
    smart_types=2,
    smart_items=60,
    rate=50.0,
    burst=250,
    page_ms=10,
)
SHARE = 0.05
_SETTINGS = {
    "PORTAGE_PLAN_TABLES": str(TABLES),
    "PORTAGE_QUEUE_LEASE_SECONDS": "3",
    "PORTAGE_DEVHOST_LEASE_SECONDS": "3",
}
_URL_SECONDS = "3"
_PATIENCE_SECONDS = 240.0
_POLL_SECONDS = 0.5
_LOCKED_SECONDS = 100.0
"""A lock whose run was never written is given back after a minute, which the watchdog may notice late."""


@dataclass(slots=True)
class Trial:
    """What one seed brought.

    Times are seconds; ``control`` is how long pause, resume and cancel took to be answered. ``faults`` counts requests
    by link and kind, ``enough`` says whether all that should happen did. ``sent_again`` is what a second run sent.
    """

    seed: int
    hosts: int
    state: str = "unknown"
    seconds: float = 0.0
    kills: int = 0
    enough: bool = False
    records: int = 0
    sent_again: int = 0
    happened: list[str] = field(default_factory=list)
    faults: dict[str, dict[str, int]] = field(default_factory=dict)
    control: dict[str, float] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    @property
    def shares(self) -> dict[str, float]:
        """By link: what share of the requests went wrong while chaos lasted."""
        return {link: 1 - one["well"] / max(1, sum(one.values())) for link, one in self.faults.items()}

    @property
    def harsh(self) -> bool:
        """Whether there was as much chaos as there should be."""
        return self.enough and bool(self.shares) and min(self.shares.values()) >= SHARE

    @property
    def held(self) -> bool:
        """Whether nothing was lost, doubled, orphaned or stuck."""
        return self.state == "completed" and self.findings.clean and not self.sent_again

    def as_json(self) -> Json:
        """For the summary."""
        return {**asdict(self), "held": self.held, "harsh": self.harsh, "shares": self.shares}


@dataclass(frozen=True, slots=True)
class Size:
    """How much chaos: at least so many ``kills``, and faults until the run ends, but for ``seconds`` at most.

    No ``entities``: all of them. ``again`` says whether further runs follow in peace, to see what they send.
    """

    portal: Portal = COMPANY
    entities: tuple[str, ...] = ()
    kills: int = 5
    seconds: float = 120.0
    again: bool = True


def try_seed(seed: int, directory: Path, size: Size) -> Trial:
    """Run one seed in ``directory``. Raises ProcessFailed for a part that is lost."""
    trial = Trial(seed, hosts=1 + seed % 3)
    more = ("--faults", str(SHARE), "--fault-seed", str(seed), "--slow-ms", "500", "--url-ttl", _URL_SECONDS)
    harsh = replace(size.portal, more=(*size.portal.more, *more))
    with HarshSystem(directory, harsh, _SETTINGS, share=SHARE, seed=seed) as system:
        system.start(trial.hosts)
        begun = time.monotonic()
        run_id = _start(system, size.entities)
        disturbance = Disturbance(system, seed, size.kills)
        try:
            _disturb(system, run_id, disturbance, begun + size.seconds)
            trial.control = _pause_and_resume(system, run_id)
            _end(system, run_id, begun + size.seconds)
        finally:
            trial.kills, trial.happened, trial.enough = disturbance.kills, disturbance.told, disturbance.enough
            trial.faults = dict(system.faults())
        _calm(system)
        status = _end(system, run_id, time.monotonic() + _PATIENCE_SECONDS)
        trial.seconds = round(time.monotonic() - begun, 1)
        trial.state = status["state"]
        letters = _persistent(system, lambda api: _letters(api, run_id))
        trial.records = totals(status, "extracted")
        trial.findings = judge(system, status, letters)
        if trial.held and size.again:
            trial.sent_again = _second_run(system, size.entities)
            trial.control |= _cancel(system, size.entities)
        if not trial.held:
            keep_tables(system, directory / "tables.json")
    return trial


def _start(system: HarshSystem, entities: tuple[str, ...]) -> str:
    """The id of the run that begins, though the answer that tells it may get lost."""

    def ask(api: Api) -> str:
        try:
            return api.start(entities=entities) if entities else api.start()
        except Unexpected:
            newest = api.get("/runs").raise_for_status().json()[:1]
            if not newest or newest[0]["state"] in ENDED:
                raise
            return str(newest[0]["run_id"])

    found: str = _persistent(system, ask)
    return found


def _disturb(system: HarshSystem, run_id: str, disturbance: Disturbance, until: float) -> None:
    """Until enough has happened, the run has ended or time is up."""
    while not disturbance.enough and time.monotonic() < until:
        disturbance.happen()
        if _persistent(system, lambda api: api.run(run_id))["state"] in ENDED:
            return


def _calm(system: HarshSystem) -> None:
    """From now on nothing fails any more."""
    system.spare()
    system.switch_portal(faults=0.0)


def _pause_and_resume(system: HarshSystem, run_id: str) -> dict[str, float]:
    """Seconds until a run that works is paused and resumed, between two faults; nothing for one that has ended."""
    took = {}
    system.spare()
    for action in ("pause", "resume"):
        begun = time.monotonic()
        try:
            _act(system, run_id, action)
        except Unexpected:
            break  # it has just ended
        took[action] = round(time.monotonic() - begun, 2)
    system.spoil()
    return took


def _second_run(system: HarshSystem, entities: tuple[str, ...]) -> int:
    """What a run in peace sends after all that: nothing, when the first one's books are right."""
    run_id = _start(system, entities)
    status = _end(system, run_id, time.monotonic() + _PATIENCE_SECONDS)
    return totals(status, "imported") + totals(status, "duplicate")


def _cancel(system: HarshSystem, entities: tuple[str, ...]) -> dict[str, float]:
    """Seconds until a run that has just begun is cancelled."""
    run_id = _start(system, entities)
    begun = time.monotonic()
    _act(system, run_id, "cancel")
    return {"cancel": round(time.monotonic() - begun, 2)}


def _act(system: HarshSystem, run_id: str, action: str) -> None:
    api = system.api(system.hosts.index(system.running[-1]))
    try:
        api.act(run_id, action)
    finally:
        api.close()


def _end(system: HarshSystem, run_id: str, deadline: float) -> Json:
    """The status when nothing more can be expected of the run, or when time is up."""
    while True:
        status: Json = _persistent(system, lambda api: api.run(run_id))
        if status["state"] in {*ENDED, "halted", "paused"} or time.monotonic() > deadline:
            return status
        time.sleep(_POLL_SECONDS)


def _persistent(system: HarshSystem, ask: Callable[[Api], Any]) -> Any:
    """The answer of any host, asked again while hosts die and storage stumbles. Raises the last error in the end."""
    deadline = time.monotonic() + _LOCKED_SECONDS
    while True:
        host = system.hosts.index(system.running[-1])
        api = system.api(host)
        try:
            return ask(api)
        except (httpx.HTTPError, Unexpected):
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
        finally:
            api.close()


def _letters(api: Api, run_id: str) -> list[Json]:
    answer = api.get(f"/dead-letters?run_id={run_id}&limit=1000").raise_for_status().json()
    return list(answer["items"])
