"""A group of commands one of which needs no name."""

from typing import Any

from typer.core import TyperGroup

UNNAMED = "list"
"""The command that is meant when what follows the group is none of its commands."""


class Defaulting(TyperGroup):
    """``group ARGUMENTS`` is ``group list ARGUMENTS``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name in where it was left out."""
        known = {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if args and args[0] in known else [UNNAMED, *args])
