"""``portage resume``."""

from typing import Annotated

import typer

from cli.acting import act
from cli.arguments import AsJson, RunId


def resume(
    context: typer.Context,
    run_id: RunId,
    failure_threshold: Annotated[
        float | None,
        typer.Option(
            "--failure-threshold",
            min=0,
            max=1,
            metavar="SHARE",
            help="Halt when more than this share of the records fails from now on: 0.05 is one in twenty.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a paused or halted run."""
    request = None if failure_threshold is None else {"options": {"failure_threshold": failure_threshold}}
    act(context, run_id, "resume", as_json=as_json, request=request)
