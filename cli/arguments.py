"""Arguments and options that several commands share, and what they turn into."""

from pathlib import Path
from typing import Annotated

import typer

from cli.api import Api
from cli.connection import find_connection


def named(value: str | None) -> str | None:
    """``value``, as it is. Raises typer.BadParameter for a blank one, which an unset shell variable gives."""
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty")
    return value


RunId = Annotated[
    str, typer.Argument(metavar="RUN_ID", callback=named, help="Id of the run, as run and status show it.")
]
PlanName = Annotated[str, typer.Argument(metavar="PLAN", callback=named, help="Name of the plan; see: portage plans.")]
AsJson = Annotated[bool, typer.Option("--json", help="The API's JSON, unchanged, to stdout; messages go to stderr.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, max=1000, metavar="COUNT", help="How many at once; 100 if left out.")
]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="PLACE", callback=named, help="Go on there; the page before says where."),
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Follow the run until it ends or halts. Ctrl-C ends the watching, not the run.")
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Where the API is. Without it: PORTAGE_URL, port PORTAGE_PORT of this machine, what make serve wrote to "
        "serve.json in PORTAGE_DATA_DIR, or http://127.0.0.1:7071.",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="File with the function key. Without it: PORTAGE_FUNCTION_KEY, or the file function-key in "
        "PORTAGE_DATA_DIR (default .local/).",
    ),
]


def open_api(context: typer.Context) -> Api:
    """The API that the options before the command name, closed when the command ends.

    Raises typer.BadParameter when the address or the key is unusable.
    """
    options = context.find_root().params
    api = Api(find_connection(options["url"], options["key_file"]))
    context.call_on_close(api.close)
    return api
