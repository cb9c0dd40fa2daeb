"""A directory for each start of a program, so that two at once do not meet; the last few are kept to look at."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

_KEPT = 3
_LATEST = "latest"
_NAMES = "[0-9]*-[0-9]*-[0-9]*"
_IN_USE = "in-use.lock"  # locked for as long as the program lives, which a process id in a name would not tell


@contextlib.contextmanager
def own_directory(parent: Path) -> Iterator[Path]:
    """A new directory in ``parent``, ours for as long as the context is open; ``parent/latest`` leads to the newest.

    Of those that nobody uses any more, the newest three are kept and the others removed. Raises OSError.
    """
    parent.mkdir(parents=True, exist_ok=True)
    own = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        with _locked(parent / ".lock"):  # nobody may take the new one for a finished one
            _prune(parent)
            own.mkdir()
            stack.enter_context(_locked(own / _IN_USE))
            _point(parent / _LATEST, own.name)
        yield own


def _prune(parent: Path) -> None:
    finished = sorted(path for path in parent.glob(_NAMES) if path.is_dir() and _finished(path))
    for old in finished[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _finished(path: Path) -> bool:
    try:
        with _locked(path / _IN_USE, wait=False):
            return True
    except BlockingIOError:
        return False


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _point(link: Path, name: str) -> None:
    """Replaced in one step: who follows it meanwhile arrives at the old one or the new one."""
    new = link.with_name(f".{link.name}")
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(link)
