"""``portage flaws``."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.arguments import After, AsJson, Limit, RunId, named, open_api
from cli.output import Output
from cli.views.flaws import flaws_view, next_line
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
    """List what lacks of records though nothing failed: values, links, people made up, records left out."""
    output = Output(as_json=as_json)
    wanted = {"entity": entity, "kind": kind.value if kind else None, "limit": str(limit) if limit else None}
    answer = open_api(context).flaws(run_id, **wanted, after=after)
    if as_json:
        output.json(answer.raw)
        return
    items = as_list(as_map(answer.body).get("items"))
    if not items:
        output.say(f"run {run_id} has no {'more ' if after else ''}flaws{' of that sort' if entity or kind else ''}")
        return
    output.show(flaws_view(items))
    if line := next_line(run_id, answer.body, wanted):
        output.say(line)
