"""The list of runs."""

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
