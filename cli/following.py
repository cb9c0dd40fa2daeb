"""What the commands with ``--watch`` and those that show one run do with it."""

import typer

from cli.api import Answer, Api
from cli.exits import ExitCode, exit_code_for
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.lines import Lines
from cli.views.picture import Picture
from cli.views.run import run_view
from cli.watching import watch


def follow(api: Api, run_id: str, output: Output) -> None:
    """Watch a run to its end, then leave with the exit code of its state (130 after Ctrl-C)."""
    follower = Picture(output.console) if output.live else Lines(output.say)
    try:
        with follower:
            answer = watch(api, run_id, follower)
    except KeyboardInterrupt:
        output.say(f"stopped watching; the run goes on. Back to it: portage status {run_id} --watch")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if output.as_json:
        output.json(answer.raw)
    raise typer.Exit(exit_code_for(RunStatus.parse(answer.body).state))


def show_run(answer: Answer, output: Output) -> None:
    """Show a run as it stands, then leave with the exit code of its state."""
    status = RunStatus.parse(answer.body)
    if output.as_json:
        output.json(answer.raw)
    else:
        output.show(run_view(status))
    raise typer.Exit(exit_code_for(status.state))
