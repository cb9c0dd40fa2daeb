"""``portage run``."""

import json
from dataclasses import fields
from typing import Annotated

import typer

from cli.arguments import AsJson, PlanName, Watch, open_api
from cli.following import follow
from cli.output import Output
from cli.run_status import RunStatus
from shared.model.json import Json, JsonObject
from shared.model.run import RunMode, RunOptions

_OPTIONS = ", ".join(option.name for option in fields(RunOptions))


def run(
    context: typer.Context,
    plan: PlanName,
    mode: Annotated[RunMode, typer.Option("--mode", help="What the run does with what it reads.")] = RunMode.FULL,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", metavar="NAME", help="Only this entity; may be repeated.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help=f"May be repeated. Names: {_OPTIONS}."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="INSTANT", help="With --mode delta: read what changed since (ISO 8601)."),
    ] = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Start a run of a plan."""
    request: JsonObject = {"plan": plan, "mode": mode.value}
    if entity:
        request["entities"] = entity
    if since:
        request["since"] = since
    if option:
        request["options"] = dict(_named_value(text) for text in option)
    api = open_api(context)
    output = Output(as_json=as_json)
    answer = api.start_run(request)
    run_id = RunStatus.parse(answer.body).run_id
    if watch:
        output.say(f"run {run_id} started")
        follow(api, run_id, output)
    elif as_json:
        output.json(answer.raw)
    else:
        output.say(f"run {run_id} started; watch it with: portage status {run_id} --watch")


def _named_value(text: str) -> tuple[str, Json]:
    """``name=value``, the value as JSON where it is JSON (true, 0.05) and as text where it is not."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--option")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
