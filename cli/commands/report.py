"""``portage report``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.arguments import AsJson, RunId, open_api
from cli.output import Output


def report(
    context: typer.Context,
    run_id: RunId,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            dir_okay=False,
            help="Where to write it. Without it: report-RUN_ID.html here, or with --json to stdout.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the report of a run: a page to read, print and sign, or JSON. A run under way is told as it stands."""
    out = Output(as_json=as_json)
    answer = open_api(context).report(run_id, as_page=not as_json)
    if as_json and output is None:
        out.json(answer.raw)
        return
    place = output or Path(f"report-{Path(run_id).name}.html")
    try:
        place.write_bytes(answer.raw)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {place}: {error.strerror}", param_hint="--output") from None
    out.say(f"report of run {run_id}: {place}")
