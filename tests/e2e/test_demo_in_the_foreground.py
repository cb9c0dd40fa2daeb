"""`make demo` when something comes in between: a part dies, the terminal is closed, the demo is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.processes import ROOT, environment, module

_PATIENCE = 60

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the parts of a demo in /proc")


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A demo in the middle of its first run."""
    with subprocess.Popen(
        module("lab.demo", "--users", "500"),
        cwd=ROOT,
        env={**environment({}), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while "started" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process
        process.kill()


def _parts(parent: int) -> dict[int, str]:
    """Process id and command line of the living children of a process."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = stat.read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found[int(stat.parent.name)] = (stat.parent / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_ends_as_soon_as_one_of_its_processes_dies_and_shows_the_log(demo: subprocess.Popen[str]) -> None:
    gateway = next(pid for pid, command in _parts(demo.pid).items() if command.rstrip().endswith("-m gateway"))
    subprocess.run(["kill", "-KILL", str(gateway)], check=True)
    said, _ = demo.communicate(timeout=_PATIENCE)
    assert demo.returncode == 1
    assert "The demo failed.\ngateway ended with code -9\n    gateway | ready http://" in said


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_nothing_that_it_started_outlives_it(demo: subprocess.Popen[str], number: signal.Signals) -> None:
    parts = _parts(demo.pid)
    assert len(parts) == len(["azurite", "portal", "gateway", "host", "portage"])
    demo.send_signal(number)
    demo.communicate(timeout=_PATIENCE)
    deadline = time.monotonic() + _PATIENCE
    while any(map(_alive, parts)):
        assert time.monotonic() < deadline, parts
        time.sleep(0.05)
