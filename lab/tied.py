"""`python tied.py PARENT COMMAND…`: becomes COMMAND, and is killed when the process PARENT ends, however suddenly.

A program of its own and not code between fork and exec, which is unsafe in a parent with threads. Where the system
knows no such tie (it is Linux's), it just becomes COMMAND.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to ``parent``, which started it, and become ``command``. Does not return."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before there was a tie
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
