"""Starting, awaiting and ending real processes."""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.processes import Process, ProcessFailed, environment, free_ports, port_is_free

Start = Callable[[str], Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def run(code: str) -> Process:
        process = Process("child", [sys.executable, "-c", code], log_dir=tmp_path, env=environment({"SHOWN": "yes"}))
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()


def test_the_url_of_the_ready_line_is_answered(start: Start) -> None:
    assert start("print('hello\\nready http://127.0.0.1:5'); input").ready() == "http://127.0.0.1:5"


def test_a_process_that_ends_before_it_is_ready_fails_with_its_last_words(start: Start) -> None:
    with pytest.raises(ProcessFailed, match=r"code 3[\s\S]*last words"):
        start("import sys; print('last words'); sys.exit(3)").ready()


def test_a_process_that_stays_silent_is_given_up(start: Start) -> None:
    with pytest.raises(ProcessFailed, match="not ready"):
        start("import time; time.sleep(60)").ready(timeout=0.2)


def test_stop_lets_the_process_end_in_its_own_way(start: Start) -> None:
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print('ready http://x')
time.sleep(60)
"""
    process = start(code)
    process.ready()
    assert process.stop() == 7


def test_kill_takes_the_children_of_the_process_along(start: Start) -> None:
    code = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', '''
import socket, time
listening = socket.create_server(('127.0.0.1', 0))
print('ready http://%d' % listening.getsockname()[1], flush=True)
time.sleep(60)
'''])
time.sleep(60)
"""
    process = start(code)
    port = int(process.ready().removeprefix("http://"))
    process.kill()
    deadline = time.monotonic() + 10
    while not port_is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)  # the kernel ends the grandchild in its own time
    assert port_is_free(port)


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_a_process_does_not_outlive_a_killed_parent(start: Start, tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from lab.processes import Process, environment
code = 'import time; print("ready http://x"); time.sleep(60)'
child = Process('grandchild', [sys.executable, '-c', code], log_dir=Path({str(tmp_path)!r}), env=environment({{}}))
child.ready()
print('ready http://%d' % child.pid)
time.sleep(60)
"""
    parent = start(code)
    grandchild = int(parent.ready().removeprefix("http://"))
    parent.kill()
    assert _ends(grandchild)


def test_a_process_outlives_the_thread_that_started_it(start: Start) -> None:
    started: list[Process] = []
    thread = threading.Thread(
        target=lambda: started.append(start("import time; time.sleep(0.5); print('ready http://x')"))
    )
    thread.start()
    thread.join()
    assert started[0].ready() == "http://x"


def test_a_restart_does_not_take_the_ready_line_of_the_run_before(start: Start) -> None:
    start("print('ready http://first')").ready()
    assert start("print('ready http://second')").ready() == "http://second"


def test_settings_of_another_portage_do_not_reach_the_process(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAGE_GATEWAY_URL", "http://elsewhere")
    code = "import os; print('ready http://' + os.environ.get('PORTAGE_GATEWAY_URL', 'none') + os.environ['SHOWN'])"
    assert start(code).ready() == "http://noneyes"


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert not port_is_free(listening.getsockname()[1])


def test_free_ports_come_as_neighbours() -> None:
    first = free_ports(3)
    assert [port_is_free(first + offset) for offset in range(3)] == [True, True, True]
