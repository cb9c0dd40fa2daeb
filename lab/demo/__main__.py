"""Entry point of `make demo`."""

import argparse
import shutil
import signal
import sys
from types import FrameType

from lab.demo.show import Show
from lab.processes import ROOT, ProcessFailed
from lab.system import Portal, System


def main() -> int:
    """Run the demo; 0 only if everything arrived and a second run had nothing to send."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--departments", type=int, default=60)
    parser.add_argument("--groups", type=int, default=150)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    directory = ROOT / ".local" / "demo"
    shutil.rmtree(directory, ignore_errors=True)
    portal = Portal(users=arguments.users, departments=arguments.departments, groups=arguments.groups)
    with System(directory, portal) as system:
        show = Show(system)
        try:
            return 0 if show.run() else 1
        except ProcessFailed as error:
            show.failed(str(error))
            return 1
        except KeyboardInterrupt:
            print("interrupted; stopping what was started", file=sys.stderr)
            return 130


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
