"""``portage plan``."""

from typing import Annotated

import typer

from cli.arguments import AsJson, PlanName, open_api
from cli.exits import ExitCode
from cli.output import Output
from cli.views.preview import is_blocked, preview_view
from shared.model.json import JsonObject, as_map


def plan(
    context: typer.Context,
    plan: PlanName,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", metavar="NAME", help="Only this entity; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Preview a run of a plan: records, calls, hours, and what stands in its way. Writes nothing.

    Exit code 7 if there are blockers.
    """
    request: JsonObject = {"entities": entity} if entity else {}
    answer = open_api(context).preview(plan, request)
    output = Output(as_json=as_json)
    preview = as_map(answer.body)
    if as_json:
        output.json(answer.raw)
    else:
        output.show(preview_view(preview))
    if is_blocked(preview):
        raise typer.Exit(ExitCode.BLOCKED)
