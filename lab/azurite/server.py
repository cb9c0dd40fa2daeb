"""One Azurite in memory, on free ports, with an account that nobody else can have."""

import base64
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueServiceClient

_PROGRAM = Path(__file__).parent / "node_modules/azurite/dist/src/azurite.js"
_PATIENCE = 30.0


class AzuriteServer:
    """Started and stopped by whoever makes it. The random account tells it from a stranger on the same port."""

    def __init__(self, *, before_command: Sequence[str] = (), log: Path = Path(os.devnull)) -> None:
        """``before_command`` goes before the command line, and must become it; ``log`` is appended to."""
        self._before_command = before_command
        self._log = log
        self._account = f"lab{secrets.token_hex(5)}"
        self._key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._ports: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connection_string(self) -> str:
        """What goes into ``AzureWebJobsStorage``."""
        endpoints = "".join(
            f"{service}Endpoint=http://127.0.0.1:{port}/{self._account};"
            for service, port in zip(("Blob", "Queue", "Table"), self._ports, strict=True)
        )
        return f"DefaultEndpointsProtocol=http;AccountName={self._account};AccountKey={self._key};{endpoints}"

    @property
    def pid(self) -> int:
        """Process id of a started server."""
        if self._process is None:
            raise RuntimeError("Azurite was not started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code of a started server that ended by itself (negative: the signal that ended it), None else."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start and wait until it answers. Raises RuntimeError when it does not within 30 s."""
        for _ in range(3):
            self._ports = _free_ports(3)
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*self._before_command, *self._command()],
                    env={"AZURITE_ACCOUNTS": f"{self._account}:{self._key}", "PATH": os.environ.get("PATH", "")},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._answers():
                return
            self.stop()
        raise RuntimeError("Azurite did not start; is it installed (make test installs it)?")

    def stop(self) -> None:
        """Stop it; what it held is gone. Harmless when it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self) -> list[str]:
        blob, queue, table = map(str, self._ports)
        hosts = [part for name in ("blob", "queue", "table") for part in (f"--{name}Host", "127.0.0.1")]
        ports = ["--blobPort", blob, "--queuePort", queue, "--tablePort", table]
        flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        return ["node", str(_PROGRAM), *hosts, *ports, *flags]

    def _answers(self) -> bool:
        deadline = time.monotonic() + _PATIENCE
        client = QueueServiceClient.from_connection_string(self.connection_string, retry_total=0)
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                list(client.list_queues())
            except AzureError:
                time.sleep(0.1)
            else:
                return True
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
