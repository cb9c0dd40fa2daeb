"""A simulated portal on a real port, in a thread of the test's own process."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Any

import httpx
import pytest

from lab.simulators.bitrix24.options import parse
from lab.simulators.bitrix24.serving import Server

Json = dict[str, Any]


@dataclass(frozen=True)
class PortalClient:
    """Calls one portal. The webhook of user 1 is ``secret`` unless the portal was started with others."""

    url: str
    http: httpx.Client

    def post(self, method: str, parameters: Any = None, webhook: str = "1/secret") -> httpx.Response:
        """One REST call with a JSON body."""
        return self.http.post(f"{self.url}/rest/{webhook}/{method}", json=parameters or {})

    def call(self, method: str, parameters: Any = None, webhook: str = "1/secret") -> Json:
        """The decoded answer, whatever its status."""
        answer: Json = self.post(method, parameters, webhook).json()
        return answer

    def batch(self, commands: Any, **others: Any) -> Json:
        """The sections of a batch."""
        sections: Json = self.call("batch", {"cmd": commands, **others})["result"]
        return sections

    def mode(self, **switches: Any) -> Json:
        """Switch something; how everything is switched."""
        answer: Json = self.http.post(f"{self.url}/__sim/mode", json=switches).raise_for_status().json()
        return answer

    def look(self, what: str) -> Any:
        """``stats``, ``journal`` or ``truth/{entity}``."""
        return self.http.get(f"{self.url}/__sim/{what}").raise_for_status().json()


StartPortal = Callable[..., PortalClient]


@pytest.fixture(scope="module")
def start_portal() -> Iterator[StartPortal]:
    """Starts portals: ``start_portal("--users", "60")``. They have no limit of requests unless one is given."""
    running: list[tuple[Server, threading.Thread]] = []
    with httpx.Client(timeout=30) as http:

        def start(*arguments: str) -> PortalClient:
            ready: Queue[str] = Queue()
            server = Server(parse(["--rate", "0", *arguments]), ready.put)
            thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
            running.append((server, thread))
            thread.start()
            return PortalClient(ready.get(timeout=20), http)

        yield start
    for server, _ in running:
        server.should_exit = server.force_exit = True
    for _, thread in running:
        thread.join()
