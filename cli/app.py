"""The command line put together: options that stand before or after the command, commands, failures as exit codes."""

import sys
from itertools import islice
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from cli.arguments import KeyFile, Url
from cli.commands import (
    cancel,
    cutover,
    dead_letters,
    doctor,
    explain,
    flaws,
    pause,
    plan,
    plans,
    report,
    requeue,
    resume,
    rollback,
    run,
    status,
    verify,
)
from cli.defaulting import UNNAMED, Defaulting
from cli.exits import ExitCode
from cli.failures import Failure
from cli.output import open_console
from cli.views.problem import problem_lines
from cli.views.text import clean

_ANYWHERE = ("--url", "--key-file")
# The first line asks the help formatter to leave the others as they are.
_EPILOG = "\n".join(["\b", "Exit codes:", *(f"{code.value:5}  {code.meaning}" for code in ExitCode)])


class _Portage(TyperGroup):
    """The command line as a whole."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Accept the options of the whole command line behind the name of a command too."""
        return super().parse_args(ctx, _forward(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a failure becomes a few lines on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            console = open_console(sys.stderr)
            for line in problem_lines(failure):
                console.print(Text(clean(line)), soft_wrap=True)
            raise typer.Exit(failure.exit_code) from None


def _forward(args: list[str]) -> list[str]:
    """``args`` with the options that may stand anywhere, and their values, in front."""
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(args)
    for arg in remaining:
        if arg == "--":
            return [*front, *rest, arg, *remaining]
        if arg in _ANYWHERE:
            front += [arg, *islice(remaining, 1)]
        elif arg.startswith(tuple(f"{name}=" for name in _ANYWHERE)):
            front.append(arg)
        else:
            rest.append(arg)
    return [*front, *rest]


app = typer.Typer(
    name="portage",
    cls=_Portage,
    help="Runs and watches migrations through the HTTP API of Portage.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(url: Url = None, key_file: KeyFile = None) -> None:
    """Options of every command; ``cli.arguments.open_api`` reads them when a command needs the API."""


for _command in (
    plans.plans,
    plan.plan,
    run.run,
    status.status,
    verify.verify,
    report.report,
    pause.pause,
    resume.resume,
    cancel.cancel,
    rollback.rollback,
    flaws.flaws,
    explain.explain,
    doctor.doctor,
):
    app.command(_command.__name__.replace("_", "-"))(_command)

_letters = typer.Typer(cls=Defaulting, rich_markup_mode=None, help="Records that failed for good.")
_letters.command(UNNAMED)(dead_letters.dead_letters)
_letters.command("requeue")(requeue.requeue)
app.add_typer(_letters, name="dead-letters")
app.add_typer(cutover.cutover, name="cutover")
