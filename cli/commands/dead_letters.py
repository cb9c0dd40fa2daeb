"""``portage dead-letters``."""

from typing import Annotated

import typer

from cli.arguments import After, AsJson, Limit, RunId, open_api
from cli.output import Output
from cli.views.dead_letters import causes_view, letters_view, next_line
from shared.model.json import as_list, as_map


def dead_letters(
    context: typer.Context,
    run_id: RunId,
    causes: Annotated[bool, typer.Option("--causes", help="What they have in common, and how many share it.")] = False,
    limit: Limit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """List the records of a run that failed for good."""
    if causes and (limit or after):
        raise typer.BadParameter("--limit and --after go through the records, not their causes", param_hint="--causes")
    api = open_api(context)
    output = Output(as_json=as_json)
    answer = api.causes(run_id) if causes else api.dead_letters(run_id, limit=limit, after=after)
    if as_json:
        output.json(answer.raw)
        return
    found = as_list(answer.body) if causes else as_list(as_map(answer.body).get("items"))
    if not found:
        output.say(f"run {run_id} has no {'more ' if after else ''}dead letters")
        return
    output.show(causes_view(found) if causes else letters_view(found))
    if line := next_line(run_id, answer.body, limit):
        output.say(line)
