"""``portage flaws``."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.arguments import After, AsJson, Limit, RunId, named, open_api
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.flaws import flaws_view, next_line
from cli.views.undecided import undecided_line
from shared.model.json import as_list, as_map


class Kind(StrEnum):
    """What the status counts of records that lack something."""

    FLAWED = "flawed"
    UNRESOLVED = "unresolved"
    LEFT_OUT = "left_out"
    PLACEHOLDERS = "placeholders"


def flaws(
    context: typer.Context,
    run_id: RunId,
    entity: Annotated[
        str | None, typer.Option("--entity", metavar="NAME", callback=named, help="Only of this entity.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only what the status counts under this name.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """List what lacks of records though nothing failed: values, links, people made up, records left out.

    Below them the source fields that nobody decided about, unless --kind or --after asks for something else.
    """
    output = Output(as_json=as_json)
    wanted = {"entity": entity, "kind": kind.value if kind else None, "limit": str(limit) if limit else None}
    api = open_api(context)
    answer = api.flaws(run_id, **wanted, after=after)
    if as_json:
        output.json(answer.raw)
        return
    items = as_list(as_map(answer.body).get("items"))
    if items:
        output.show(flaws_view(items))
    else:
        output.say(f"run {run_id} has no {'more ' if after else ''}flaws{' of that sort' if entity or kind else ''}")
    if kind is None and after is None:
        for one in RunStatus.parse(api.run(run_id).body).entities:
            if entity in (None, one.name) and (line := undecided_line(one)):
                output.say(line)
    if line := next_line(run_id, answer.body, wanted):
        output.say(line)
