"""``portage plans``."""

import typer

from cli.arguments import AsJson, open_api
from cli.output import Output
from cli.views.plans import plans_view
from shared.model.json import as_list


def plans(context: typer.Context, as_json: AsJson = False) -> None:
    """List the plans that the API can run."""
    answer = open_api(context).plans()
    output = Output(as_json=as_json)
    if as_json:
        output.json(answer.raw)
    else:
        output.show(plans_view(as_list(answer.body)))
