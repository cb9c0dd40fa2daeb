"""``portage cutover``."""

from typing import Annotated

import typer

from cli.arguments import AsJson, PlanName, open_api
from cli.exits import ExitCode
from cli.output import Output
from cli.views.cutover import cutover_view
from cli.views.cutover_step import step_lines
from shared.model.cutover import CutoverAction
from shared.model.json import JsonObject, as_map

Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What to write down beside it.")]

cutover = typer.Typer(rich_markup_mode=None, help="The switch from the source to the target, step by step.")


@cutover.command("status")
def status(context: typer.Context, plan: PlanName, as_json: AsJson = False) -> None:
    """Show the go / no-go sheet, the checklist and what was done. Exit code 0 only if nothing speaks against it."""
    api, output = open_api(context), Output(as_json=as_json)
    answer = api.cutover(plan)
    told = as_map(answer.body)
    if as_json:
        output.json(answer.raw)
    else:
        output.show(cutover_view(told))
    if told.get("go") is not True:
        raise typer.Exit(ExitCode.FAILED)


@cutover.command("start")
def start(context: typer.Context, plan: PlanName, note: Note = None, as_json: AsJson = False) -> None:
    """Write down that the read-only window begins: from now on nobody writes at the source."""
    _act(context, plan, CutoverAction.START, as_json=as_json, note=note)


@cutover.command("link")
def link(
    context: typer.Context,
    plan: PlanName,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN_ID", help="The run; the plan's newest if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name a run that belongs to it: the final delta, or the run that compared both sides."""
    _act(context, plan, CutoverAction.LINK, as_json=as_json, about=run_id)


@cutover.command("switch")
def switch(context: typer.Context, plan: PlanName, note: Note = None, as_json: AsJson = False) -> None:
    """Users work at the target from now on. Against the sheet, --note has to say why."""
    _act(context, plan, CutoverAction.SWITCH, as_json=as_json, note=note)


@cutover.command("tick")
def tick(
    context: typer.Context,
    plan: PlanName,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="A line of the checklist.")],
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Tick off a line of the checklist."""
    _act(context, plan, CutoverAction.TICK, as_json=as_json, about=item, note=note)


@cutover.command("finish")
def finish(context: typer.Context, plan: PlanName, note: Note = None, as_json: AsJson = False) -> None:
    """End the read-only window: the source is history."""
    _act(context, plan, CutoverAction.FINISH, as_json=as_json, note=note)


@cutover.command("cancel")
def cancel(context: typer.Context, plan: PlanName, note: Note = None, as_json: AsJson = False) -> None:
    """No go: users work at the source, as before."""
    _act(context, plan, CutoverAction.CANCEL, as_json=as_json, note=note)


def _act(context: typer.Context, plan: str, action: CutoverAction, *, as_json: bool, **more: str | None) -> None:
    request: JsonObject = {"action": action.value, **{name: value for name, value in more.items() if value}}
    output = Output(as_json=as_json)
    answer = open_api(context).cutover(plan, request)
    if as_json:
        output.json(answer.raw)
        return
    for line in step_lines(as_map(answer.body), action):
        output.say(line)
