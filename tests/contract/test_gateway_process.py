"""The gateway as a process: signals, crashes, TLS, what it logs, settings that make no sense."""

import hashlib
import json
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from lab.processes import ROOT, environment, module
from tests.unit.certificates import own_certificate
from tests.unit.gateway.gateway_process import CODE, Json, RunningGateway, item, running, user


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningGateway]:
    """A gateway for one test."""
    with running(tmp_path) as process:
        yield process


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that outlives the tests that use it."""
    with running(tmp_path_factory.mktemp("lasting")) as process:
        yield process


def _open_upload(gateway: RunningGateway, content: bytes) -> socket.socket:
    """A connection on which half of a file has been sent, and arrived."""
    head = (
        f"POST /webhook/7/{CODE}/import.media.put HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
        f"X-Media-Key: k\r\nX-Checksum-Sha256: {hashlib.sha256(content).hexdigest()}\r\n\r\n"
    )
    client = socket.create_connection(("127.0.0.1", gateway.port))
    client.sendall(head.encode() + content[: len(content) // 2])
    while not list((gateway.directory / "media").glob("*.part")):
        time.sleep(0.01)
    return client


def test_an_open_request_is_answered_after_sigterm_and_the_exit_code_is_0(gateway: RunningGateway) -> None:
    content = b"x" * 1000
    assert gateway.process is not None
    with _open_upload(gateway, content) as client:
        gateway.process._popen.send_signal(signal.SIGTERM)
        _wait_until_closed(gateway)
        client.sendall(content[len(content) // 2 :])
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    assert gateway.process.wait(20) == 0


def _wait_until_closed(gateway: RunningGateway) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", gateway.port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)


def test_an_idle_connection_does_not_hold_up_the_stop(gateway: RunningGateway) -> None:
    gateway.ask("import.capabilities")
    assert gateway.process is not None
    assert gateway.process.stop(timeout=8) == 0


def test_a_kill_in_the_middle_of_writing_leaves_whole_records_and_all_that_was_answered(
    gateway: RunningGateway,
) -> None:
    store_id = gateway.ask("import.capabilities")["store_id"]
    calls = [[item("user", str(n), user(n)) for n in range(start, start + 100)] for start in range(0, 4000, 100)]
    answered: list[Json] = []
    enough = threading.Event()

    def write() -> None:
        for items in calls:
            try:
                answered.extend(gateway.write("user", *items)["imported"])
            except httpx.TransportError:
                return
            if len(answered) >= 500:
                enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(20)
    assert gateway.process is not None
    gateway.process.kill()
    writer.join()
    gateway.start()

    assert gateway.ask("import.capabilities")["store_id"] == store_id
    assert gateway.sql("PRAGMA integrity_check") == [("ok",)]
    records = gateway.sql("SELECT source_id, id, checksum FROM records ORDER BY id")
    assert gateway.sql("SELECT source_id, written FROM versions ORDER BY seq") == [(one[0], one[2]) for one in records]
    kept = {source_id: str(number) for source_id, number, _ in records}
    assert {one["source_id"]: one["target_id"] for one in answered}.items() <= kept.items()
    again = [gateway.write("user", *items) for items in calls]
    assert sum(len(one["duplicate"]) for one in again) == len(records)
    assert sum(len(one["imported"]) for one in again) == 4000 - len(records)


def test_what_a_kill_left_of_an_upload_is_swept_away_at_the_next_start(gateway: RunningGateway) -> None:
    with _open_upload(gateway, b"x" * 1000):
        assert gateway.process is not None
        gateway.process.kill()
    gateway.start()
    assert list((gateway.directory / "media").iterdir()) == []


def test_what_is_stored_is_for_its_owner_only(lasting: RunningGateway) -> None:
    assert (lasting.directory / "gateway.db").stat().st_mode & 0o077 == 0


def test_a_store_that_somebody_else_holds_is_unavailable_and_no_item_is_lost(lasting: RunningGateway) -> None:
    with closing(sqlite3.connect(lasting.directory / "gateway.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        answer = lasting.post("import.users.batch", _call("1"))
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert len(lasting.write("user", item("user", "1", user(1)))["imported"]) == 1


def test_it_speaks_tls_with_the_certificate_it_is_given(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path)
    settings = {"GATEWAY_TLS_CERT": str(certificate), "GATEWAY_TLS_KEY": str(key)}
    with running(tmp_path, settings, scheme="https") as gateway:
        trusted = ssl.create_default_context(cafile=certificate)
        url = f"{gateway.base}/webhook/7/{CODE}/import.capabilities"
        with httpx.Client(verify=trusted) as client:
            assert client.post(url, json={}).json()["contract"] == "1.1"
        with httpx.Client() as client, pytest.raises(httpx.TransportError):
            client.post(url.replace("https", "http"), json={})


def test_every_call_leaves_a_line_that_shows_neither_code_nor_data(tmp_path: Path) -> None:
    with running(tmp_path, {"GATEWAY_CODES": f"7:{CODE},7:another-c0de"}) as gateway:
        gateway.write("user", item("user", "s0urce", user(1, name="Secretive")), run_id="run-9")
        gateway.write("user", item("user", "2", user(2, name="Secretive", department_ids=["777"])), run_id="run-9")
        gateway.post("import.users.batch", content=b'{"name": "Secretive"')
        gateway.post("import.users.batch", code="wr0ng-c0de")
        gateway.post("import.users.batch", user=CODE, code="7")
        gateway.http.post(f"{gateway.base}/webhook/7/{CODE}/{CODE}")
        gateway.http.post(f"{gateway.base}/webhook/7/{CODE}/import.capabilities/{CODE}")
        gateway.http.get(f"{gateway.base}/webhook/7/{CODE}/import.capabilities")
        bearer = {"Authorization": "Bearer 7:another-c0de"}
        gateway.http.post(f"{gateway.base}/api/import/users", headers=bearer, content=b"[")
        gateway.sql("DROP TABLE refs")
        assert gateway.post("import.users.batch", _call("3")).status_code == 200
        gateway.sql("DROP TABLE records")
        assert gateway.post("import.count", {"entity": "user"}).status_code == 503
        log = gateway.log
    lines = [json.loads(line.partition("gateway.audit ")[2]) for line in log.splitlines() if "gateway.audit" in line]
    assert [line["status"] for line in lines] == [200, 200, 400, 401, 401, 403, 400, 200, 503]
    assert lines[0] == {
        "method": "import.users.batch",
        "user": "7",
        "status": 200,
        "ms": lines[0]["ms"],
        "run_id": "run-9",
        "ignored_fields": 0,
        "imported": 1,
        "skipped": 0,
        "duplicate": 0,
        "failed": 0,
    }
    for secret in (CODE, "another-c0de", "wr0ng-c0de", "Secretive", "s0urce", "example.com"):
        assert secret not in log


def _call(source_id: str) -> Json:
    return {"run_id": "r", "batch_id": "b", "items": [item("user", source_id, user(int(source_id)))]}


NONSENSE = {
    "a server that is not there": ({"GATEWAY_STORE": "postgresql://u:pa55@127.0.0.1:9/db"}, "GATEWAY_STORE"),
    "a store of another kind": ({"GATEWAY_STORE": "mysql://u:pa55@host/db"}, "sqlite:///path or postgresql://"),
    "a store that cannot be": ({"GATEWAY_STORE": "sqlite:////dev/null/x.db"}, "GATEWAY_STORE"),
    "a certificate that is not there": (
        {"GATEWAY_TLS_CERT": "/nowhere/c.pem", "GATEWAY_TLS_KEY": "/nowhere/k.pem"},
        "GATEWAY_TLS_CERT",
    ),
    "a method nobody knows": ({"GATEWAY_METHODS": "import.user.batch"}, "import.user.batch"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_setting_that_makes_no_sense_is_one_line_and_exit_code_2(tmp_path: Path, name: str) -> None:
    settings, said = NONSENSE[name]
    good = {"GATEWAY_CODES": f"7:{CODE}", "PORTAGE_DATA_DIR": str(tmp_path)}
    env = environment({**good, **settings})
    ended = subprocess.run(
        module("gateway"), cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert said in ended.stderr
    assert "pa55" not in ended.stderr
    assert CODE not in ended.stderr


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(lasting: RunningGateway, tmp_path: Path) -> None:
    env = environment({**lasting.settings, "GATEWAY_STORE": f"sqlite:///{tmp_path / 'other.db'}"})
    ended = subprocess.run(
        module("gateway"), cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
