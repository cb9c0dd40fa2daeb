"""``portage pause``."""

import typer

from cli.acting import act
from cli.arguments import AsJson, RunId


def pause(context: typer.Context, run_id: RunId, as_json: AsJson = False) -> None:
    """Stop working on a run for now."""
    act(context, run_id, "pause", as_json=as_json)
