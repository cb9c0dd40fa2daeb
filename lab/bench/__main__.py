"""Entry point of `make bench`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from lab.bench.deltas import unchanged_delta
from lab.bench.extraction import beside_fast_bitrix24, many_deals, operating_limit, portal_limit
from lab.bench.importing import gateway_limit, without_limits
from lab.bench.markup import markup
from lab.bench.measures import Measure
from lab.bench.scale_out import scale_out
from lab.directories import own_directory
from lab.processes import ROOT
from lab.stopping import stop_when_asked

Scenario = Callable[[Path], list[Measure]]

_SCENARIOS: tuple[Scenario, ...] = (
    without_limits,
    gateway_limit,
    portal_limit,
    operating_limit,
    beside_fast_bitrix24,
    many_deals,
    scale_out,
    markup,
)
_LONG: tuple[Scenario, ...] = (unchanged_delta,)
"""A quarter of an hour and more, so only by name."""


def main() -> int:
    """Measure, print a table, write ``.local/bench/bench.json``. 1 when a scenario fails."""
    known = {one.__name__: one for one in (*_SCENARIOS, *_LONG)}
    parser = argparse.ArgumentParser(prog="make bench", description="How fast Portage is, as shares of the limits.")
    parser.add_argument("scenario", nargs="*", help=f"some of {', '.join(known)}; without any, all but the last")
    chosen = parser.parse_args().scenario or [one.__name__ for one in _SCENARIOS]
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    scenarios = [known[name] for name in chosen]
    console = Console(highlight=False)
    result = ROOT / ".local" / "bench" / "bench.json"
    stop_when_asked()
    try:
        with own_directory(result.parent) as directory:
            measures = _measure(scenarios, directory, console)
    except (RuntimeError, httpx.HTTPError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(_table(measures))
    written = [{**asdict(measure), "share": measure.share} for measure in measures]
    result.write_text(json.dumps(written, indent=2), encoding="utf-8")
    console.print(f"these numbers as JSON: {result.relative_to(ROOT)}", soft_wrap=True)
    return 0


def _measure(scenarios: Sequence[Scenario], directory: Path, console: Console) -> list[Measure]:
    measures: list[Measure] = []
    for scenario in scenarios:
        begun = time.monotonic()
        measures += scenario(directory / scenario.__name__)
        console.print(f"{scenario.__name__.replace('_', ' ')}: {time.monotonic() - begun:.0f} s")
    return measures


def _table(measures: list[Measure]) -> Table:
    table = Table("measure", "value", "", "reference", "share")
    for one in measures:
        reference = f"{one.meaning} {one.reference:,.4g}" if one.reference else ""
        share = f"{one.share:.0%}" if one.share is not None else ""
        table.add_row(one.name, f"{one.value:,.4g}", one.unit, reference, share)
    return table


if __name__ == "__main__":
    sys.exit(main())
