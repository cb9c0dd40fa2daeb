"""What is left of `make serve` when it has ended."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.processes import ROOT, environment, free_port, free_ports, port_is_free

_PATIENCE = 40


@pytest.fixture
def ports() -> list[int]:
    first = free_ports(3)
    return [free_port(), first, first + 1, first + 2]


@pytest.fixture
def serve(ports: list[int], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    settings = {
        "PORTAGE_DATA_DIR": str(tmp_path),
        "PORTAGE_PORT": str(ports[0]),
        "PORTAGE_AZURITE_PORT": str(ports[1]),
    }
    with subprocess.Popen(
        ["make", "--silent", "serve"],
        cwd=ROOT,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        assert make.stdout.readline().startswith("ready ")
        yield make
        make.kill()


def _become_free(ports: list[int]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not all(map(port_is_free, ports)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_closed_terminal_ends_all_of_it_and_its_record(
    serve: subprocess.Popen[str], ports: list[int], tmp_path: Path
) -> None:
    served = json.loads((tmp_path / "serve.json").read_text())
    os.killpg(serve.pid, signal.SIGHUP)
    serve.wait(_PATIENCE)
    assert served["url"] == f"http://127.0.0.1:{ports[0]}"
    assert _become_free(ports)
    assert not (tmp_path / "serve.json").exists()


def test_nothing_outlives_a_killed_make(serve: subprocess.Popen[str], ports: list[int]) -> None:
    serve.kill()
    assert _become_free(ports)
