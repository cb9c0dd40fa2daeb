"""The Azurite behind `make serve`: found or started, and stopped by whoever uses it last.

Azurite keeps its tables in memory between saves and loses what it acknowledged since when it is killed. So it runs in a
session of its own, where the end of a host, however sudden, does not reach it. A host that comes back at once finds it
again; else its keeper stops it.
"""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from azure.core.exceptions import AzureError, HttpResponseError
from azure.data.tables import TableServiceClient

from lab.processes import ROOT, port_is_free

_KEEPER = ROOT / "lab/azurite/keeper.py"
_AZURITE = ROOT / "lab/azurite/node_modules/azurite/dist/src/azurite.js"
_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1
_SERVER_ERROR = 500


class StorageUnavailable(Exception):
    """No storage can be had; the message says what to do."""


class _Stranger(Exception):
    """Another storage emulator listens where ours should."""


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """An Azurite with an account of its own. ``port`` is the blob port; queue and table follow.

    The account name and key are made up once per data directory: whoever accepts them on the port is this Azurite and
    no stranger's.
    """

    account: str
    key: str
    port: int
    pid: int  # of its keeper

    @property
    def connection_string(self) -> str:
        """What goes into ``AzureWebJobsStorage``."""
        endpoints = "".join(
            f"{service}Endpoint=http://127.0.0.1:{self.port + offset}/{self.account};"
            for offset, service in enumerate(("Blob", "Queue", "Table"))
        )
        return f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};{endpoints}"

    def __repr__(self) -> str:
        return f"LocalStorage(port={self.port}, pid={self.pid})"


@contextlib.contextmanager
def local_storage(data_dir: Path, port: int) -> Iterator[LocalStorage]:
    """The storage of ``data_dir`` for as long as the context is open; several processes may share it.

    A living one is reused on the port where it is; else one is started on ``port``, ``port + 1`` and ``port + 2``.
    Raises StorageUnavailable.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "azurite.users").open("a") as users:
        with _turn(data_dir):
            storage = _found(data_dir) or _start(data_dir, port)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield storage
        finally:
            with _turn(data_dir):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _is_last(users):
                    _stop(storage)


@contextlib.contextmanager
def _turn(data_dir: Path) -> Iterator[None]:
    """One process at a time finds, starts or stops."""
    with (data_dir / "azurite.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _recorded(data_dir: Path) -> LocalStorage | None:
    try:
        return LocalStorage(**json.loads((data_dir / "azurite.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _record(data_dir: Path, storage: LocalStorage) -> None:
    path = data_dir / "azurite.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(storage)), encoding="utf-8")


def _found(data_dir: Path) -> LocalStorage | None:
    """The storage of an earlier start if it still lives; one that is just coming up or going down is waited for."""
    recorded = _recorded(data_dir)
    deadline = time.monotonic() + _START_SECONDS
    while recorded and _lives(recorded.pid) and not port_is_free(recorded.port) and time.monotonic() < deadline:
        try:
            if _answers(recorded):
                return recorded
        except _Stranger:
            return None
        time.sleep(_POLL_SECONDS)
    return None


def _start(data_dir: Path, port: int) -> LocalStorage:
    for offset, service in enumerate(("blob", "queue", "table")):
        if not port_is_free(port + offset):
            raise StorageUnavailable(
                f"port {port + offset}, which the storage emulator's {service} service needs, is taken by another "
                "program; stop it, or set PORTAGE_AZURITE_PORT to the first of three free ports"
            )
    before = _recorded(data_dir)
    account = before.account if before else "portage"
    key = before.key if before else base64.b64encode(secrets.token_bytes(32)).decode()
    with (data_dir / "azurite.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_KEEPER), str(data_dir), *_command(data_dir / "azurite", port)],
            env=_environment(os.environ, account, key),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    storage = LocalStorage(account, key, port, process.pid)
    _record(data_dir, storage)
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(storage):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            raise StorageUnavailable(f"the storage emulator does not start; see {data_dir / 'azurite.log'}")
        time.sleep(_POLL_SECONDS)
    return storage


def _command(location: Path, port: int) -> list[str]:
    flags = ["--location", str(location), "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    for offset, service in enumerate(("blob", "queue", "table")):
        flags += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port + offset)]
    return ["node", str(_AZURITE), *flags]


def _environment(base: Mapping[str, str], account: str, key: str) -> dict[str, str]:
    return {**base, "AZURITE_ACCOUNTS": f"{account}:{key}"}


def _answers(storage: LocalStorage) -> bool:
    """Whether an Azurite that knows our account listens: its table service is the last to come up."""
    try:
        with TableServiceClient.from_connection_string(
            storage.connection_string, retry_total=0, connection_timeout=2, read_timeout=5
        ) as service:
            next(iter(service.list_tables(results_per_page=1)), None)
    except HttpResponseError as error:
        if error.status_code is not None and error.status_code < _SERVER_ERROR:
            raise _Stranger from None
        return False
    except AzureError:
        return False
    return not port_is_free(storage.port) and not port_is_free(storage.port + 1)


def _lives(pid: int) -> bool:
    """Whether the process exists; a child of ours that has ended is put to rest on the way."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop(storage: LocalStorage) -> None:
    """SIGTERM, upon which Azurite writes everything down; never SIGKILL."""
    with contextlib.suppress(_Stranger, ProcessLookupError):
        if _answers(storage):
            os.kill(storage.pid, signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while _lives(storage.pid) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
