"""The list of runs."""

import shlex
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from rich.table import Table
from rich.text import Text

from cli.run_status import RunStatus
from cli.views.text import clean, instant


def runs_view(runs: list[RunStatus]) -> Table:
    """One row per run, in the order given."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    for title in ("plan", "mode", "state", "started", "finished"):
        table.add_column(title)
    for run in runs:
        cells = (run.run_id, run.plan, run.mode, run.state, instant(run.started_at), instant(run.finished_at))
        table.add_row(*(Text(clean(cell)) for cell in cells))
    return table


def next_line(following: str | None, wanted: Mapping[str, str | None]) -> str:
    """The command for the page at the URL ``following``; empty at the end. ``wanted`` are the options of this one."""
    place = parse_qs(urlsplit(following or "").query).get("after", [""])[0]
    options = "".join(f" --{name} {shlex.quote(value)}" for name, value in wanted.items() if value)
    return f"more: portage status --all{options} --after {shlex.quote(place)}" if place else ""
