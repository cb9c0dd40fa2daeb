"""`make serve` as its user sees it: one line on stdout, its state in the data directory, a clean end."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from lab.local_storage import local_storage
from lab.processes import ROOT, environment, free_port, free_ports, module, port_is_free

_PATIENCE = 40

Serve = Callable[..., "Served"]


class Served:
    """A ``make serve`` without the make."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                module("lab.serve"),
                cwd=ROOT,
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def ready(self) -> str:
        """The first line on stdout."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready http://"), self.log.read_text()
        return line.removeprefix("ready ").strip()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit code, and what stdout held after the first line."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, rest

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "PORTAGE_DATA_DIR": str(tmp_path / "data"),
        "PORTAGE_PORT": str(free_port()),
        "PORTAGE_AZURITE_PORT": str(free_ports(3)),
    }


@pytest.fixture
def serve(settings: dict[str, str], tmp_path: Path) -> Iterator[Serve]:
    started: list[Served] = []

    def start(**more: str) -> Served:
        started.append(Served({**settings, **more}, tmp_path / "serve.log"))
        return started[-1]

    yield start
    for served in started:
        served.kill()
    if not port_is_free(port := int(settings["PORTAGE_AZURITE_PORT"])):
        with local_storage(tmp_path / "data", port):
            pass  # who leaves last stops the emulator that a killed host left behind


def test_it_serves_with_a_key_of_its_own_and_says_what_is_missing(serve: Serve, settings: dict[str, str]) -> None:
    served = serve()
    url = served.ready()
    data = Path(settings["PORTAGE_DATA_DIR"])
    key_file = data / "function-key"
    assert url == f"http://127.0.0.1:{settings['PORTAGE_PORT']}"
    assert json.loads((data / "serve.json").read_text())["url"] == url
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert httpx.get(f"{url}/api/runs").status_code == 401
    assert httpx.get(f"{url}/api/runs", headers={"x-functions-key": key_file.read_text()}).json() == []
    assert "PORTAGE_GATEWAY_URL is not set" in served.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_its_storage_and_code_0(
    serve: Serve, settings: dict[str, str], number: signal.Signals
) -> None:
    served = serve()
    url = served.ready()
    key = {"x-functions-key": (Path(settings["PORTAGE_DATA_DIR"]) / "function-key").read_text()}
    assert httpx.get(f"{url}/api/runs", headers=key).status_code == 200
    assert served.end(number) == (0, "")
    assert port_is_free(int(settings["PORTAGE_AZURITE_PORT"]))
    assert "Unclosed" not in served.log.read_text()


def test_after_a_kill_the_next_one_goes_on_with_the_same_storage(serve: Serve, settings: dict[str, str]) -> None:
    killed = serve()
    killed.ready()
    killed.kill()
    recorded = Path(settings["PORTAGE_DATA_DIR"]) / "azurite.json"
    before = json.loads(recorded.read_text())
    again = serve()
    again.ready()
    assert json.loads(recorded.read_text()) == before
    assert again.end(signal.SIGTERM)[0] == 0


def test_a_port_in_use_is_told_with_code_2(serve: Serve, settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(settings["PORTAGE_PORT"]))):
        served = serve()
        assert served.process.wait(_PATIENCE) == 2
    assert f"port {settings['PORTAGE_PORT']} is taken" in served.log.read_text()


def test_a_storage_account_that_is_given_is_used_and_no_emulator_started(
    serve: Serve, settings: dict[str, str], tmp_path: Path
) -> None:
    with local_storage(tmp_path / "account", free_ports(3)) as storage:
        served = serve(AzureWebJobsStorage=storage.connection_string)
        served.ready()
        assert not (Path(settings["PORTAGE_DATA_DIR"]) / "azurite.json").exists()
        assert served.end(signal.SIGTERM)[0] == 0
        assert not port_is_free(storage.port)


def test_make_passes_the_signal_on(settings: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "make.log").open("wb") as log:
        make = subprocess.Popen(
            ["make", "--silent", "serve"],
            cwd=ROOT,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert make.stdout is not None
    assert make.stdout.readline().startswith("ready ")
    os.kill(make.pid, signal.SIGTERM)
    make.communicate(timeout=_PATIENCE)
    deadline = time.monotonic() + _PATIENCE
    while not all(port_is_free(int(settings[name])) for name in ("PORTAGE_PORT", "PORTAGE_AZURITE_PORT")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
