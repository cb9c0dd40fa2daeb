"""A small HTTP server that answers as the run API does, and ways to run the command line against it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from typer.testing import CliRunner, Result

from cli.app import app
from tests.unit.listening import Listener

ROOT = Path(__file__).parents[2]
KEY = "fnk-only-for-tests"
_SETTINGS = (
    "PORTAGE_URL",
    "PORTAGE_PORT",
    "PORTAGE_FUNCTION_KEY",
    "PORTAGE_DATA_DIR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
)


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class StandIn(Listener):
    """Wants ``KEY`` like the real one.

    ``answers`` maps ``"GET /api/runs/r-1"`` to a sequence of (status, body); the last one repeats. A body of bytes goes
    out as it is, any other as JSON. An answer of status 0 gets lost. ``following`` is the next page of every answer.
    """

    answers: dict[str, Sequence[tuple[int, Any]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    following: str | None = None

    @property
    def url(self) -> str:
        """Base URL."""
        return self.origin

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Note the request, and tell what the test wants told."""
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("content-length", 0))
        body = json.loads(handler.rfile.read(length)) if length else None
        name = f"{handler.command} {parts.path}"
        before = sum(f"{request.method} {request.path}" == name for request in self.requests)
        self.requests.append(Request(handler.command, parts.path, parts.query, dict(handler.headers.items()), body))
        status, answer = 401, b""
        if handler.headers.get("x-functions-key") == KEY:
            known = self.answers.get(name, [(404, b"")])
            status, answer = known[min(before, len(known) - 1)]
        if status == 0:
            handler.close_connection = True
            return
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("content-type", "text/html" if content.startswith(b"<") else "application/json")
        handler.send_header("content-length", str(len(content)))
        if self.following:
            handler.send_header("link", f'<{self.following}>; rel="next"')
        handler.end_headers()
        handler.wfile.write(content)


def portage(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    """The command line in this process. No setting of the environment counts but those in ``env``."""
    unset = dict.fromkeys(_SETTINGS)
    return CliRunner().invoke(app, list(arguments), env={**unset, "PORTAGE_DATA_DIR": os.devnull, **(env or {})})


def connected(api: StandIn, *, key: str = KEY) -> dict[str, str]:
    """The environment of a command that knows its way."""
    return {"PORTAGE_URL": api.url, "PORTAGE_FUNCTION_KEY": key}


def spawn(*arguments: str, env: Mapping[str, str], **streams: Any) -> subprocess.Popen[bytes]:
    """The command line as a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    return subprocess.Popen([sys.executable, "-m", "cli", *arguments], cwd=ROOT, env={**inherited, **env}, **streams)


def status(state: str = "running", **members: Any) -> dict[str, Any]:
    """What GET /api/runs/r-1 answers."""
    return {
        "run_id": "r-1",
        "plan": "bitrix24_onprem",
        "mode": "full",
        "state": state,
        "started_at": "2025-11-03T10:00:00Z",
        "finished_at": None,
        "reason": None,
        "message": None,
        "entities": {},
        "calls": {"source": 7, "target": 5},
        "rate": 41.5,
        "eta_seconds": 200,
        "waiting_on": None,
        **members,
    }


def entity(total: int | None, done: int, **counts: int) -> dict[str, Any]:
    """The progress of one entity."""
    names = ("extracted", "imported", "skipped", "duplicate", "failed", "dead_lettered")
    return {"pages": {"total": total, "done": done}, **dict.fromkeys(names, 0), **counts}
