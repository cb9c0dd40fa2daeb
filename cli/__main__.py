"""``python -m cli``: the ``portage`` command."""

import io
import sys

from cli.app import app


def main() -> None:
    """Run the command line in ``sys.argv``; ends the process with one of the codes of ``cli.exits``."""
    for stream in (sys.stdout, sys.stderr):
        # A title in Cyrillic on a terminal without it is worth a question mark, never a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="portage")


if __name__ == "__main__":
    main()
