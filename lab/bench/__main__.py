"""Entry point of `make bench`."""

import json
import shutil
import signal
import sys
import time
from dataclasses import asdict
from types import FrameType

from rich.console import Console
from rich.table import Table

from lab.bench.scenarios import Measure, gateway_limit, portal_limit, without_limits
from lab.processes import ROOT

_SCENARIOS = (without_limits, portal_limit, gateway_limit)


def main() -> int:
    """Measure, print a table, write ``.local/bench/bench.json``."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(highlight=False)
    directory = ROOT / ".local" / "bench"
    shutil.rmtree(directory, ignore_errors=True)
    measures: list[Measure] = []
    for scenario in _SCENARIOS:
        begun = time.monotonic()
        measures += scenario(directory / scenario.__name__)
        console.print(f"{scenario.__name__.replace('_', ' ')}: {time.monotonic() - begun:.0f} s")
    console.print(_table(measures))
    written = [{**asdict(measure), "share": measure.share} for measure in measures]
    (directory / "bench.json").write_text(json.dumps(written, indent=2), encoding="utf-8")
    console.print("these numbers as JSON: .local/bench/bench.json")
    return 0


def _table(measures: list[Measure]) -> Table:
    table = Table("measure", "value", "", "reference", "share")
    for one in measures:
        reference = f"{one.meaning} {one.reference:,.4g}" if one.reference else ""
        share = f"{one.share:.0%}" if one.share is not None else ""
        table.add_row(one.name, f"{one.value:,.4g}", one.unit, reference, share)
    return table


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
