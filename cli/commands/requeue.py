"""``portage dead-letters requeue``."""

from typing import Annotated

import typer

from cli.arguments import AsJson, Watch, named, open_api
from cli.exits import ExitCode
from cli.following import follow
from cli.output import Output
from cli.views.dead_letters import nothing_line, requeued_lines
from shared.model.json import JsonObject, as_list, as_map


def requeue(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Ids of dead letters, as the list in JSON shows them.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN_ID", callback=named, help="All of this run.")
    ] = None,
    cause: Annotated[
        str | None,
        typer.Option("--cause", metavar="CAUSE", callback=named, help="All that share it; with --run, of that run."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how many would go again.")] = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Have failed records done again, by today's mappings; their run works again and ends anew.

    Exit code 4 when no dead letter is found that could go again.
    """
    if bool(ids) == bool(cause or run_id):
        raise typer.BadParameter("name ids; or --cause, or --run, or both", param_hint="ID")
    wanted: JsonObject = {"ids": list(ids)} if ids else {}
    wanted |= {name: value for name, value in (("cause", cause), ("run_id", run_id)) if value}
    api = open_api(context)
    output = Output(as_json=as_json)
    answer = api.requeue({**wanted, "dry_run": dry_run})
    told = as_map(answer.body)
    runs = [str(one) for one in as_list(told.get("runs"))]
    if not runs:
        if as_json:
            output.json(answer.raw)
        else:
            output.say(nothing_line(ids=bool(ids), cause=cause, run_id=run_id))
            for one in as_list(told.get("unknown")):
                output.say(f"not found: {one}")
        raise typer.Exit(ExitCode.REFUSED)
    if watch and runs and not dry_run:
        for line in requeued_lines(told, dry_run=dry_run):
            output.say(line)
        follow(api, runs[0], output)
    elif as_json:
        output.json(answer.raw)
    else:
        for line in requeued_lines(told, dry_run=dry_run):
            output.say(line)
