"""``portage explain``."""

from typing import Annotated

import typer

from cli.arguments import AsJson, PlanName, named, open_api
from cli.output import Output
from cli.views.explanation import explanation_view
from shared.model.json import as_map


def explain(
    context: typer.Context,
    plan: PlanName,
    entity: Annotated[str, typer.Argument(metavar="ENTITY", callback=named, help="Name of the entity.")],
    source_id: Annotated[str, typer.Argument(metavar="ID", callback=named, help="Id of the record at the source.")],
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            metavar="ID",
            callback=named,
            help="Id of its parent (a message's chat); without it the parent is looked for.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the life of one record: raw data, each field before and after, links, runs, and the target's version."""
    answer = open_api(context).explain(plan, entity, source_id, within)
    output = Output(as_json=as_json)
    if as_json:
        output.json(answer.raw)
    else:
        output.show(explanation_view(as_map(answer.body)))
