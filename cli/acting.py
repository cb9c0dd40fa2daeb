"""What pause, resume and cancel have in common."""

import typer

from cli.api import Action
from cli.arguments import open_api
from cli.output import Output
from shared.model.json import JsonObject, as_map


def act(
    context: typer.Context, run_id: str, action: Action, *, as_json: bool, request: JsonObject | None = None
) -> None:
    """Ask for the action and tell the run's state after it."""
    answer = open_api(context).act(run_id, action, request)
    output = Output(as_json=as_json)
    if as_json:
        output.json(answer.raw)
    else:
        output.say(f"run {run_id}: {as_map(answer.body).get('state') or f'{action} accepted'}")
