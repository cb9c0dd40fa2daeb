"""``portage rollback``."""

import sys
from collections import Counter
from typing import Annotated

import typer

from cli.api import Api
from cli.arguments import AsJson, RunId, open_api
from cli.exits import ExitCode
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.rollback import Bar, Left, Said, left_view, preview_view, reasons_view, records_in
from cli.views.run import rollback_line
from cli.watching import watch
from shared.model.json import as_list, as_map
from shared.model.run import RunState


def rollback(
    context: typer.Context,
    run_id: RunId,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", metavar="NAME", help="Only this entity; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take back what a run wrote to the target.

    Shows first what that is, and asks. Records that the run updated get their earlier version back, those that it
    created go; what cannot be undone is listed with the reason. With --json and without --yes nothing is done.
    """
    api, output = open_api(context), Output(as_json=as_json)
    answer = api.rollback(run_id, entity or [])
    preview = as_map(answer.body)
    if as_json and not yes:
        output.json(answer.raw)
        return
    output.show(preview_view(preview))
    if not yes:
        _confirm(run_id)
    api.rollback(run_id, entity or [], str(preview.get("token")))
    _follow(api, run_id, records_in(preview), output)


def _confirm(run_id: str) -> None:
    """Raises typer.BadParameter where nobody can be asked, and ends the command when the answer is no."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to be asked; look at this, then give --yes", param_hint="--yes")
    if not typer.confirm(f"Roll back run {run_id}?"):
        raise typer.Exit(ExitCode.OK)


def _follow(api: Api, run_id: str, total: int, output: Output) -> None:
    """Watch the rollback to its end, list what it left, and leave with an exit code."""
    follower = Bar(output.console, total) if output.live else Said(output.say)
    try:
        with follower:
            status = RunStatus.parse(watch(api, run_id, follower, over=_over).body)
    except KeyboardInterrupt:
        output.say(f"stopped watching; the rollback goes on. Back to it: portage status {run_id} --watch")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if status.rolling_back:
        output.say(f"run {run_id} is {status.state}: {status.message or ''}; then go on with: portage resume {run_id}")
        raise typer.Exit(ExitCode.FAILED)
    answer = api.rolled_back(run_id)
    if output.as_json:
        output.json(answer.raw)
    else:
        _tell(api, run_id, status, output)
    left = status.rolled_back.get("kept", 0) + status.rolled_back.get("failed", 0)
    raise typer.Exit(ExitCode.COMPLETED_WITH_ERRORS if left else ExitCode.OK)


def _over(status: RunStatus) -> bool:
    return not status.rolling_back or status.state == RunState.HALTED


def _tell(api: Api, run_id: str, status: RunStatus, output: Output) -> None:
    """What was done, then every record that is left, and how many there are for which reason."""
    output.say(rollback_line(status))
    place: str | None = ""
    reasons: Counter[Left] = Counter()
    while place is not None:
        page = as_map(api.rolled_back(run_id, after=place or None).body)
        items = [as_map(item) for item in as_list(page.get("items"))]
        reasons.update(map(Left.of, items))
        output.show(left_view(items))
        following = page.get("next")
        place = following if isinstance(following, str) else None
    if len(reasons) < reasons.total():
        output.show(reasons_view(reasons))
