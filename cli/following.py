"""What the commands with ``--watch`` and those that show one run do with it."""

import typer
from rich.text import Text

from cli.api import Answer, Api
from cli.exits import ExitCode, exit_code_for
from cli.failures import Failure
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.dead_letters import top_causes_view
from cli.views.lines import Lines
from cli.views.picture import Picture
from cli.views.run import run_view, verdict_line
from cli.views.text import clean
from cli.watching import watch
from shared.model.json import as_list


def follow(api: Api, run_id: str, output: Output) -> None:
    """Watch a run to its end, then leave with the exit code of its state (130 after Ctrl-C)."""
    answer = watched(api, run_id, output)
    status = RunStatus.parse(answer.body)
    _conclude(api, status, output)
    if output.as_json:
        output.json(answer.raw)
    raise typer.Exit(exit_code_for(status.state))


def watched(api: Api, run_id: str, output: Output) -> Answer:
    """Watch a run to its end; answers its last status. Ctrl-C leaves with 130, and the run goes on."""
    follower = Picture(output.console) if output.live else Lines(output.say)
    try:
        with follower:
            return watch(api, run_id, follower)
    except KeyboardInterrupt:
        output.say(f"stopped watching; the run goes on. Back to it: portage status {run_id} --watch")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def show_run(api: Api, answer: Answer, output: Output) -> None:
    """Show a run as it stands, then leave with the exit code of its state."""
    status = RunStatus.parse(answer.body)
    if output.as_json:
        output.json(answer.raw)
    else:
        output.show(run_view(status))
        _conclude(api, status, output)
    raise typer.Exit(exit_code_for(status.state))


def _conclude(api: Api, status: RunStatus, output: Output) -> None:
    """Why records failed, when some did; then, of a run that ended, what came of it."""
    if status.totals["dead_lettered"]:
        try:
            causes = as_list(api.causes(status.run_id).body)
        except Failure as failure:  # the status itself is known and shown
            output.show(Text(clean(f"why records failed could not be asked: {failure.message}")))
        else:
            output.show(top_causes_view(status.run_id, causes))
    if line := verdict_line(status):
        output.say(line)
