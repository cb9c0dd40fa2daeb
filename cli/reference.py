"""The reference of the command line, made from the commands: ``python -m cli.reference > docs/reference/cli.md``."""

from collections.abc import Iterable, Iterator

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from cli.app import app
from cli.defaulting import UNNAMED, Defaulting
from cli.exits import ExitCode
from cli.views.text import duration
from cli.watching import PATIENCE_SECONDS

_HEAD = f"""\
# The `portage` command

Made from the commands by `cli/reference.py`; a test compares the two.

`./portage` in a checkout, or `python -m cli` in its environment. Results go to stdout, errors to stderr as one or two
lines; with `--json` stdout holds the API's JSON and nothing else. `NO_COLOR` is respected. A run that is watched is
shown as a picture on a terminal and as single lines in a pipe; watching survives an absence of the API of up to
{duration(PATIENCE_SECONDS)}.
"""

_ENVIRONMENT = {
    "PORTAGE_URL": "where the API is",
    "PORTAGE_PORT": "port of the API on this machine, when `PORTAGE_URL` is unset",
    "PORTAGE_DATA_DIR": "where `make serve` leaves `serve.json` and `function-key`; default `.local/` in the checkout",
    "PORTAGE_FUNCTION_KEY": "the function key; never printed",
    "PORTAGE_ACCESS_TOKEN": "who you are, where people sign in (`docs/guides/deployment.md`, part 8); never printed",
}


def markdown() -> str:
    """The whole page."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the app has several commands, and so is a group")
    context = typer.Context(group, info_name="portage")
    return (
        "\n".join(
            [
                _HEAD,
                "## Options of every command\n\nThey may stand before or after the command.\n",
                _table(("Option", "Meaning"), _records(group, context)),
                "## Environment\n",
                _table(("Variable", "Meaning"), [(f"`{name}`", meaning) for name, meaning in _ENVIRONMENT.items()]),
                "## Exit codes\n",
                _table(("Code", "Meaning"), [(str(code.value), code.meaning) for code in ExitCode]),
                "`run --watch` and `status` leave with the code of the run's state.\n",
                "## Commands\n",
                *_commands(group, context),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _commands(group: TyperGroup, context: typer.Context) -> Iterator[str]:
    """Those of a group, and of the groups in it; the one that needs no name goes by that of its group."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, typer.Context(command, info_name=name, parent=context))
        elif isinstance(command, TyperCommand):
            yield _command(name, command, context)


def _command(name: str, command: TyperCommand, parent: typer.Context) -> str:
    context = typer.Context(command, info_name=name, parent=parent)
    if isinstance(parent.command, Defaulting) and name == UNNAMED:
        context.info_name, context.parent = parent.info_name, parent.parent
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    table = _table(("Argument or option", "Meaning"), _records(command, context))
    return f"### `{context.command_path}`\n\n{command.help}\n\n    {usage}\n\n{table}"


def _records(command: TyperCommand | TyperGroup, context: typer.Context) -> list[tuple[str, str]]:
    records = (param.get_help_record(context) for param in command.get_params(context))
    return [(f"`{names}`", meaning) for names, meaning in filter(None, records)]


def _table(titles: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [titles, ("---", "---"), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    print(markdown(), end="")
