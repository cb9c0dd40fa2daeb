"""Long outages on real processes, one after the other: each run waits, and ends complete by itself.

``python -m lab.chaos.outages --gateway 600 --portal 600 --storage 120``; the hosts have the settings they come with.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from lab.api import ENDED, Api, Json, Unexpected, totals
from lab.chaos.evidence import keep_tables
from lab.chaos.judging import Findings, judge
from lab.chaos.surroundings import HarshSystem
from lab.chaos.trial import COMPANY
from lab.demo.tables import TABLES
from lab.directories import own_directory
from lab.faults import Dialect
from lab.processes import ROOT
from lab.stopping import stop_when_asked

_PORTAL = replace(COMPANY, rate=10.0, burst=50, page_ms=20)
"""Slow enough that everybody is at work when a side goes away."""

_SIDES = {"gateway": 600.0, "portal": 600.0, "storage": 120.0}
_PATIENCE_SECONDS = 900.0
_LOOK_SECONDS = 2.0
_OVER = frozenset({*ENDED, "halted", "paused"})


@dataclass(slots=True)
class Outage:
    """What became of a run during which ``side`` was away for ``away`` seconds.

    ``after`` counts the seconds from its return to the run's end, ``unanswered`` how often the app did not answer
    meanwhile, and ``waited_on`` what the status said then. ``sent_again`` is what a second run sent.
    """

    side: str
    away: float
    state: str = "unknown"
    seconds: float = 0.0
    after: float = 0.0
    records: int = 0
    waited_on: list[str] = field(default_factory=list)
    unanswered: int = 0
    sent_again: int = 0
    findings: Findings = field(default_factory=Findings)

    @property
    def held(self) -> bool:
        """Whether the run ended complete, and nothing was lost, doubled, orphaned or stuck."""
        return self.state == "completed" and self.findings.clean and not self.sent_again


def main() -> int:
    """Try each side in turn, print a table, write ``summary.json``; 0 only if all held."""
    parser = argparse.ArgumentParser(prog="python -m lab.chaos.outages", description=__doc__, allow_abbrev=False)
    for side, seconds in _SIDES.items():
        told = f"seconds without it; 0: not at all (default: {seconds:g})"
        parser.add_argument(f"--{side}", type=float, default=seconds, metavar="SECONDS", help=told)
    given = vars(parser.parse_args())
    console = Console(highlight=False)
    stop_when_asked()
    outages: list[Outage] = []
    try:
        with own_directory(ROOT / ".local" / "outages") as directory:
            for side in (side for side in _SIDES if given[side] > 0):
                outages.append(_outlast(side, given[side], directory / side))
                console.print(f"{side}: {outages[-1].state}, {outages[-1].after:.0f} s after it came back")
                summary = directory / "summary.json"
                rows = [{**asdict(one), "held": one.held} for one in outages]
                summary.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    except KeyboardInterrupt:
        return 130
    console.print(_table(outages))
    return 0 if all(one.held for one in outages) else 1


def _outlast(side: str, away: float, directory: Path) -> Outage:
    """A company moves, and ``side`` is away in the midst of it."""
    outage = Outage(side, away)
    with HarshSystem(directory, _PORTAL, {"PORTAGE_PLAN_TABLES": str(TABLES)}, share=0.0, seed=1) as system:
        api = system.start().api()
        begun = time.monotonic()
        run_id = api.start()
        api.wait_for(run_id, _BUSY[side], timeout=_PATIENCE_SECONDS)
        with _without(system, side):
            _look_on(api, run_id, outage, time.monotonic() + away)
        back = time.monotonic()
        status = _end(api, run_id, back + _PATIENCE_SECONDS)
        outage.after, outage.seconds = round(time.monotonic() - back, 1), round(time.monotonic() - begun, 1)
        outage.state, outage.records = status["state"], totals(status, "extracted")
        letters = api.get(f"/dead-letters?run_id={run_id}&limit=1000").raise_for_status().json()["items"]
        outage.findings = judge(system, status, letters)
        if outage.held:
            again = _end(api, api.start(), time.monotonic() + _PATIENCE_SECONDS)
            outage.sent_again = totals(again, "imported") + totals(again, "duplicate")
        if not outage.held:
            keep_tables(system, directory / "tables.json")
    return outage


def _reading(status: Json) -> bool:
    return totals(status, "extracted") > 0


def _writing(status: Json) -> bool:
    return totals(status, "imported") > 0


_BUSY: dict[str, Callable[[Json], bool]] = {"gateway": _writing, "portal": _reading, "storage": _writing}
"""When a side is in use, by the status of the run."""


def _without(system: HarshSystem, side: str) -> AbstractContextManager[None]:
    return {"gateway": _no_gateway, "portal": _no_portal, "storage": _no_storage}[side](system)


@contextmanager
def _no_gateway(system: HarshSystem) -> Iterator[None]:
    """Its process is killed, and nobody listens at its address."""
    system.links[Dialect.GATEWAY].down(True)
    system.kill_gateway()
    yield
    system.start_gateway()
    system.links[Dialect.GATEWAY].down(False)


@contextmanager
def _no_portal(system: HarshSystem) -> Iterator[None]:
    """It cannot be reached; what it holds is in its memory, so that its process lives."""
    system.links[Dialect.PORTAL].down(True)
    yield
    system.links[Dialect.PORTAL].down(False)


@contextmanager
def _no_storage(system: HarshSystem) -> Iterator[None]:
    """It takes connections and answers nothing."""
    system.pause_storage()
    yield
    system.resume_storage()


def _look_on(api: Api, run_id: str, outage: Outage, until: float) -> None:
    """Note what the status says until the time is up."""
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))
        try:
            waiting = api.run(run_id)["waiting_on"]
        except (httpx.HTTPError, Unexpected):
            outage.unanswered += 1
        else:
            if waiting is not None and waiting not in outage.waited_on:
                outage.waited_on.append(waiting)


def _end(api: Api, run_id: str, deadline: float) -> Json:
    """The status when nothing more can be expected of the run, or when time is up."""
    status: Json = {"state": "unknown"}
    while status["state"] not in _OVER and time.monotonic() < deadline:
        with suppress(httpx.HTTPError, Unexpected):
            status = api.run(run_id)
        time.sleep(_LOOK_SECONDS / 4)
    return status


def _table(outages: list[Outage]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("side", "waited on", "state"):
        table.add_column(title, no_wrap=True)
    for title in ("away", "after", "in all", "silent", "records", "wrong", "again"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in outages:
        wrong = sum(len(sentences) for sentences in asdict(one.findings).values())
        seen = (one.side, ", ".join(one.waited_on) or "-", one.state)
        seconds = (round(one.away), round(one.after), round(one.seconds))
        counts = (one.unanswered, one.records, wrong, one.sent_again)
        table.add_row(*map(str, (*seen, *seconds, *counts)), style=None if one.held else "red")
    return table


if __name__ == "__main__":
    sys.exit(main())
