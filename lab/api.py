"""The run API as the lab's programs call it: start a run, look at it, wait for it."""

import time
from collections.abc import Callable, Collection
from typing import Any

import httpx

Json = dict[str, Any]
_POLL_SECONDS = 0.25
ENDED = frozenset({"completed", "completed_with_errors", "failed", "cancelled", "rolled_back"})


class Unexpected(RuntimeError):
    """The app answered or did something that the caller did not expect."""


class Api:
    """A function app, reached at ``url`` with a function key."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"x-functions-key": key}, timeout=30)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str) -> httpx.Response:
        """``GET /api{path}``, whatever the answer."""
        return self._http.get(f"/api{path}")

    def post(self, path: str, body: Any = None, *, content: bytes | None = None) -> httpx.Response:
        """``POST /api{path}`` with ``body`` as JSON, or with raw ``content``."""
        if content is not None:
            return self._http.post(f"/api{path}", content=content, headers={"content-type": "application/json"})
        return self._http.post(f"/api{path}", json=body if body is not None else {})

    def start(self, mode: str = "full", **request: Any) -> str:
        """Start a run of the main plan and answer its id. Raises Unexpected when it is refused."""
        answer = self.post("/runs", {"plan": "bitrix24_onprem", "mode": mode, **request})
        if answer.status_code != httpx.codes.ACCEPTED:
            raise Unexpected(f"POST /api/runs answered {answer.status_code}: {answer.text}")
        return str(answer.json()["run_id"])

    def run(self, run_id: str) -> Json:
        """The status of a run (DESIGN §5)."""
        answer = self.get(f"/runs/{run_id}")
        if answer.status_code != httpx.codes.OK:
            raise Unexpected(f"GET /api/runs/{run_id} answered {answer.status_code}: {answer.text}")
        status: Json = answer.json()
        return status

    def act(self, run_id: str, action: str) -> None:
        """Pause, resume or cancel a run. Raises Unexpected when it is refused."""
        answer = self.post(f"/runs/{run_id}/{action}")
        if not answer.is_success:
            raise Unexpected(f"{action} answered {answer.status_code}: {answer.text}")

    def wait(self, run_id: str, states: Collection[str] = ENDED, *, timeout: float = 120.0) -> Json:
        """Poll until the run is in one of ``states``.

        Raises Unexpected when it ends in another one or when ``timeout`` seconds pass.
        """
        return self.wait_for(run_id, lambda status: status["state"] in states, timeout=timeout)

    def wait_for(self, run_id: str, condition: Callable[[Json], bool], *, timeout: float = 60.0) -> Json:
        """Poll until the run's status fulfils ``condition``; answer that status.

        Raises Unexpected when the run ends without that or when ``timeout`` seconds pass.
        """
        deadline = time.monotonic() + timeout
        while True:
            status = self.run(run_id)
            if condition(status):
                return status
            if status["state"] in ENDED or time.monotonic() > deadline:
                raise Unexpected(f"waited in vain for run {run_id}: {status}")
            time.sleep(_POLL_SECONDS)


def totals(status: Json, name: str) -> int:
    """One counter of a run's status, added up over its entities."""
    return sum(int(entity[name]) for entity in status["entities"].values())
