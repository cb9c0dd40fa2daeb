"""`python -m lab.devhost [--app DIR] [--port N] [--host H]`: serve a function app in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.devhost.errors import StartError
from lab.devhost.serving import serve


def main() -> int:
    """Run until SIGTERM, SIGINT or SIGHUP. Exit code 1 when the app cannot be served."""
    parser = argparse.ArgumentParser(prog="python -m lab.devhost", description="Serve a function app locally.")
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="0 chooses a free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    arguments = parser.parse_args()
    try:
        serve(arguments.app.resolve(), host=arguments.host, port=arguments.port)
    except (StartError, OSError) as error:
        print(f"the host cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
