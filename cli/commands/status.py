"""``portage status``."""

from collections.abc import Mapping
from typing import Annotated

import typer

from cli.api import Answer
from cli.arguments import After, AsJson, Limit, Watch, named, open_api
from cli.following import follow, show_run
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.runs import next_line, runs_view
from shared.model.json import as_list, as_map
from shared.model.run import RunState


def status(
    context: typer.Context,
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="RUN_ID", callback=named, help="Id of the run; without it, the newest."),
    ] = None,
    all_runs: Annotated[bool, typer.Option("--all", help="List the runs, newest first.")] = False,
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="PLAN", callback=named, help="Among the runs of this plan.")
    ] = None,
    state: Annotated[RunState | None, typer.Option("--state", help="Among the runs in this state.")] = None,
    limit: Limit = None,
    after: After = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Show how a run stands, or list the runs.

    Without RUN_ID it is the newest run.
    """
    if run_id and (all_runs or plan or state):
        raise typer.BadParameter("--all, --plan and --state look for runs; this names one", param_hint="RUN_ID")
    if (limit or after) and not all_runs:
        raise typer.BadParameter("--limit and --after go through the list of runs", param_hint="--all")
    if all_runs and watch:
        raise typer.BadParameter("only one run can be watched", param_hint="--watch")
    api = open_api(context)
    output = Output(as_json=as_json)
    if run_id is None:
        wanted = {"plan": plan, "state": state.value if state else None}
        runs = api.runs(**wanted, limit=limit if all_runs else 1, after=after)
        found = as_list(runs.body)
        if all_runs or not found:
            _list(runs, {**wanted, "limit": str(limit) if limit else None}, output, further=after is not None)
            return
        run_id = str(as_map(found[0]).get("run_id"))
    if watch:
        follow(api, run_id, output)
    show_run(api, api.run(run_id), output)


def _list(answer: Answer, wanted: Mapping[str, str | None], output: Output, *, further: bool) -> None:
    if output.as_json:
        output.json(answer.raw)
    elif runs := as_list(answer.body):
        output.show(runs_view([RunStatus.parse(run) for run in runs]))
        if line := next_line(answer.following, wanted):
            output.say(line)
    else:
        output.say("there are no more runs" if further else "there are no such runs; start one with: portage run PLAN")
