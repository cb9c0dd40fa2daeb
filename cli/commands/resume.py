"""``portage resume``."""

import typer

from cli.acting import act
from cli.arguments import AsJson, RunId


def resume(context: typer.Context, run_id: RunId, as_json: AsJson = False) -> None:
    """Go on with a paused or halted run."""
    act(context, run_id, "resume", as_json=as_json)
