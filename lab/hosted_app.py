"""One function app in a host process of its own, and a client of its orchestrations. For tests of the local host."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from lab.processes import Process, environment, module

_PATH = "/runtime/webhooks/durabletask"
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0


class HostedApp:
    """A context: the host is ready inside and stopped after."""

    def __init__(
        self, app: Path, connection: str, log_dir: Path, settings: Mapping[str, str] | None = None, name: str = "host"
    ) -> None:
        """`connection` is the storage connection string; `settings` are further environment variables."""
        self._command = module("lab.devhost", "--app", str(app), "--port", "0")
        self._environment = environment({"AzureWebJobsStorage": connection, **(settings or {})})
        self._log_dir = log_dir
        self._name = name
        self.process = self._start()

    def _start(self) -> Process:
        return Process(self._name, self._command, log_dir=self._log_dir, env=self._environment)

    def __enter__(self) -> Self:
        self.http = httpx.Client(base_url=self.process.ready(), timeout=30.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.process.stop()

    def restart(self) -> None:
        """Start again with the same settings after a stop or a kill."""
        self.http.close()
        self.process = self._start()
        self.__enter__()

    @property
    def log(self) -> str:
        """All that the host wrote on both streams."""
        return self.process.log.read_text(encoding="utf-8")

    def start(self, orchestrator: str, client_input: Any = None, instance_id: str | None = None) -> str:
        """Start an instance; the input is encoded as the SDK's client does it, JSON text of JSON text."""
        path = f"{_PATH}/orchestrators/{orchestrator}" + (f"/{instance_id}" if instance_id else "")
        answer = self.http.post(path) if client_input is None else self.http.post(path, json=json.dumps(client_input))
        answer.raise_for_status()
        return str(answer.json()["id"])

    def status(self, instance_id: str, **query: str) -> dict[str, Any]:
        """The status object, empty for an unknown instance."""
        answer = self.http.get(f"{_PATH}/instances/{instance_id}", params=query)
        return {} if answer.status_code == httpx.codes.NOT_FOUND else dict(answer.json())

    def tell(self, instance_id: str, verb: str) -> int:
        """POST a verb such as `terminate` or `raiseEvent/approved`; returns the status code."""
        return self.http.post(f"{_PATH}/instances/{instance_id}/{verb}", params={"reason": "test"}).status_code

    def raise_event(self, instance_id: str, name: str, data: Any) -> int:
        """Raise an event as a plain HTTP client does; returns the status code."""
        return self.http.post(f"{_PATH}/instances/{instance_id}/raiseEvent/{name}", json=data).status_code

    def wait(self, instance_id: str, *states: str) -> dict[str, Any]:
        """The status as soon as it is one of `states` (default: any final one). Raises AssertionError when it stays."""
        wanted = states or ("Completed", "Failed", "Terminated", "Canceled")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            status = self.status(instance_id)
            if status.get("runtimeStatus") in wanted:
                return status
            if time.monotonic() > deadline:
                raise AssertionError(f"{instance_id} is {json.dumps(status)}\n{self.process.tail()}")
            time.sleep(_POLL_SECONDS)

    def run(self, orchestrator: str, client_input: Any = None) -> dict[str, Any]:
        """Start and wait for the end."""
        return self.wait(self.start(orchestrator, client_input))
