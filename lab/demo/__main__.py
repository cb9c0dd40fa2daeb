"""Entry point of `make demo`."""

import argparse
import contextlib
import sys

from lab.demo.show import Show
from lab.directories import own_directory
from lab.processes import ROOT, ProcessFailed
from lab.stopping import stop_when_asked
from lab.system import Portal, System


def main() -> int:
    """Run the demo; 0 only if everything arrived and a second run had nothing to send."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--departments", type=int, default=60)
    parser.add_argument("--groups", type=int, default=150)
    arguments = parser.parse_args()
    portal = Portal(users=arguments.users, departments=arguments.departments, groups=arguments.groups)
    stop_when_asked()
    try:
        with own_directory(ROOT / ".local" / "demo") as directory, System(directory, portal) as system:
            return _run(Show(system))
    except KeyboardInterrupt:
        return 130


def _run(show: Show) -> int:
    try:
        return 0 if show.run() else 1
    except ProcessFailed as error:
        show.failed(str(error))
        return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("interrupted; stopping what was started", file=sys.stderr)
        raise


if __name__ == "__main__":
    sys.exit(main())
