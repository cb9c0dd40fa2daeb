"""Where a command's words go: results to stdout; with ``--json`` only the API's JSON does, and the words to stderr."""

import os
import sys
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from cli.views.text import clean

_PIPE_WIDTH = 160


class Output:
    """The two streams of one command."""

    def __init__(self, *, as_json: bool = False) -> None:
        """``as_json`` keeps stdout for the API's JSON."""
        self.as_json = as_json
        stream = sys.stderr if as_json else sys.stdout
        self.console = open_console(stream)
        self.live = stream.isatty() and not self.console.is_dumb_terminal
        """Whether a picture that redraws itself makes sense; rich would also say yes to a forced-colour pipe."""

    def say(self, text: str) -> None:
        """One line for a person; never wrapped, so that it can be searched and copied."""
        self.console.print(Text(clean(text)), soft_wrap=True)

    def show(self, view: RenderableType) -> None:
        """A table or another view, at the width of the terminal."""
        self.console.print(view)

    def json(self, raw: bytes) -> None:
        """The API's JSON, byte for byte (JSON is UTF-8 whatever the locale says)."""
        sys.stdout.flush()
        sys.stdout.buffer.write(raw if raw.endswith(b"\n") else raw + b"\n")
        sys.stdout.buffer.flush()


def open_console(stream: TextIO) -> Console:
    """A console that takes text literally. What goes into a pipe is wide, not cut at an imagined terminal's edge."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
