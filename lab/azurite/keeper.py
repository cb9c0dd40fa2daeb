"""`python keeper.py DIRECTORY COMMAND…`: runs COMMAND for as long as somebody uses it.

Whoever uses it holds a shared lock on `DIRECTORY/azurite.users`, which the system takes from a killed process, too.
When nobody has held one for a while, COMMAND gets SIGTERM, upon which Azurite writes everything down. SIGTERM to the
keeper does the same at once. `DIRECTORY/azurite.lock` is held by whoever finds, starts or stops it.

A program that needs nothing but the standard library, because it lives as long as Azurite does.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_IDLE_SECONDS = 5.0  # a host that was killed and comes back at once finds it running
_POLL_SECONDS = 0.2
_TIED = Path(__file__).resolve().parent.parent / "tied.py"


def keep(directory: Path, command: list[str]) -> int:
    """Run ``command`` until nobody uses it; its exit code."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    tied = [sys.executable, "-I", "-S", str(_TIED), str(os.getpid())]
    with subprocess.Popen([*tied, *command], stdin=subprocess.DEVNULL) as process:
        used = time.monotonic()
        while not asked:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_POLL_SECONDS)
            with _unused(directory) as unused:
                if not unused:
                    used = time.monotonic()
                elif time.monotonic() - used > _IDLE_SECONDS:
                    return _end(process)
        return _end(process)


def _end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait()


@contextlib.contextmanager
def _unused(directory: Path) -> Iterator[bool]:
    """Whether nobody uses it, nor is about to; nobody can begin to while the context is open."""
    if not directory.exists():  # was cleared away, and Azurite's data with it
        yield True
        return
    with (directory / "azurite.lock").open("a") as turn, (directory / "azurite.users").open("a") as users:
        try:
            for file in (turn, users):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
