"""``portage cancel``."""

import typer

from cli.acting import act
from cli.arguments import AsJson, RunId


def cancel(context: typer.Context, run_id: RunId, as_json: AsJson = False) -> None:
    """End a run for good; what went in stays."""
    act(context, run_id, "cancel", as_json=as_json)
