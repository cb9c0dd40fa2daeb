"""Real processes for the demo, the bench and the end-to-end tests: start, wait for ready, stop, kill, read the log."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_READY = re.compile(rb"^ready (http://\S+)\s*$", re.MULTILINE)
# Below the range that Linux and macOS take for outgoing connections, so nobody grabs a port between choice and use.
_PORTS = range(20_000, 32_000)
_AT_ONCE = 8
"""Workers of the test suite, which look for ports at the same moment: each has a share of its own."""
_POLL_SECONDS = 0.05


class ProcessFailed(RuntimeError):
    """A process ended or stayed silent when it should have become ready. The message ends with its last log lines."""


class Process:
    """A child process with a log file and a process group of its own. It does not outlive this process."""

    def __init__(self, name: str, command: Sequence[str], *, log_dir: Path, env: Mapping[str, str]) -> None:
        """Start ``command`` in the checkout, with ``env`` as its whole environment.

        Both output streams are appended to ``log_dir/name.log``, so that the log tells the story over restarts.
        """
        self.name = name
        self.log = log_dir / f"{name}.log"
        log_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._offset = log.tell()
            self._popen = subprocess.Popen(
                tied(command),
                cwd=ROOT,
                env={**env, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id, and id of its group."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Exit code (negative: the signal that ended it), None while it runs."""
        return self._popen.poll()

    def must_be_alive(self) -> None:
        """Raises ProcessFailed when the process has ended."""
        if not self.alive:
            raise ProcessFailed(f"{self.name} ended with code {self.exit_code}\n{self.tail()}")

    def ready(self, timeout: float = 60.0) -> str:
        """Wait for the line ``ready http://…`` and answer its URL. Raises ProcessFailed after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            found = _READY.search(self._output())
            if found:
                return found.group(1).decode()
            if not self.alive:
                raise ProcessFailed(f"{self.name} ended with code {self.exit_code} before it was ready\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.name} was not ready after {timeout:.0f} s\n{self.tail()}")
            time.sleep(_POLL_SECONDS)

    def stop(self, timeout: float = 30.0) -> int:
        """Ask the process to end (SIGTERM) and answer its exit code; one that does not obey is killed."""
        if self.alive:
            self._popen.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout)
        self.kill()
        return self._popen.returncode

    def kill(self) -> None:
        """SIGKILL the whole group: what a crash of the machine would do."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def wait(self, timeout: float) -> int:
        """Wait for the process to end by itself. Raises ProcessFailed after ``timeout`` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessFailed(f"{self.name} still runs after {timeout:.0f} s\n{self.tail()}") from None

    def tail(self, lines: int = 30) -> str:
        """The last lines of the log, indented."""
        return _tail(self.name, self._output(), lines)

    def _output(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(self._offset)
            return log.read()


def log_tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log file, indented; empty when there is none."""
    return _tail(log.stem, log.read_bytes(), lines) if log.exists() else ""


def _tail(name: str, output: bytes, lines: int) -> str:
    return "\n".join(f"    {name} | {line}" for line in output.decode(errors="replace").splitlines()[-lines:])


def tied(command: Sequence[str]) -> list[str]:
    """``command``, made to end with this process even if that is killed.

    Only from the main thread: the kernel takes the end of the thread that started a child for the end of its parent.
    """
    if threading.current_thread() is not threading.main_thread():
        return list(command)
    return [sys.executable, "-I", "-S", str(ROOT / "lab" / "tied.py"), str(os.getpid()), *command]


def module(name: str, *arguments: str) -> list[str]:
    """Command line that runs a module of this checkout with this interpreter."""
    return [sys.executable, "-m", name, *arguments]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with ``settings``, and without settings of another Portage that it may hold."""
    foreign = ("PORTAGE_", "GATEWAY_", "AzureWebJobs")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(foreign)}, **settings}


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """First of ``count`` neighbouring loopback ports that nobody listens on at the moment."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _AT_ONCE
    room = len(_PORTS) // _AT_ONCE
    while True:
        first = random.choice(_PORTS[worker * room : (worker + 1) * room - count])
        if all(port_is_free(first + offset) for offset in range(count)):
            return first


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
