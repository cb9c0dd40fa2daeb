"""The page of the dashboard, and an API behind it that tells what a test has it tell."""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from playwright.sync_api import Page

from tests.unit.listening import Listener
from triggers.dashboard.assembling import HEADERS, PAGE

KEY = "fnk-only-for-tests"
RUN = "run-20260301-120000-abcdef"
METRICS = 'portage_budget_used{system="source",budget="rate"} 0.62\n'

ENTITY = {
    "pages": {"total": 4, "done": 1},
    "expected": 200,
    **dict.fromkeys(("extracted", "imported", "skipped", "duplicate", "failed", "dead_lettered", "left_out"), 0),
    "blocked_by": None,
    "message": None,
    "incomplete": None,
    "waiting": None,
    "verdict": None,
}
CAUSE = {
    "cause": "c-1",
    "entity": "user",
    "reason": "target.conflict",
    "hint": "Another record holds this e-mail; merge or correct one.",
    "field": "email",
    "message": "the e-mail belongs to another user",
    "count": 3,
    "example_id": "17",
}
GATE = {"gate": "orphans", "result": "failed", "wanted": 0, "found": 2, "detail": "task: 2"}
PLAN = {
    "plan": "demo",
    "title": "A plan",
    "modes": ["full", "delta", "dry_run", "validate"],
    "entities": [{"name": "user", "archive_only": False}, {"name": "field", "archive_only": True}],
}


def run(state: str = "running", **members: Any) -> dict[str, Any]:
    """A run's status."""
    return {
        "run_id": RUN,
        "plan": "demo",
        "mode": "full",
        "state": state,
        "started_at": "2026-03-01T12:00:00Z",
        "started_by": "ada@example.com",
        "finished_at": None,
        **dict.fromkeys(("reason", "message", "waiting_on", "waiting_since", "waiting_reason"), None),
        "entities": {"user": {**ENTITY, "extracted": 100, "imported": 100}},
        "calls": {"source": 7, "target": 5},
        "rate": 41.5,
        "eta_seconds": 200,
        "gates": [],
        **members,
    }


@dataclass
class DashboardStandIn(Listener):
    """Listens on a free port while it is entered. ``answers`` maps ``"GET runs"`` to (status, body).

    While it is ``away``, it closes connections without a word. ``requests`` are methods, paths and bodies.
    """

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    away: bool = False

    def __post_init__(self) -> None:
        self.tell(run())
        self.answers["GET plans"] = (200, [PLAN])
        self.answers["GET dead-letters/causes"] = (200, [])
        self.answers["GET metrics"] = (200, METRICS)

    def tell(self, status: dict[str, Any]) -> None:
        """Have one run, with this status."""
        self.answers["GET runs"] = (200, [status])
        self.answers[f"GET runs/{RUN}"] = (200, status)

    @property
    def url(self) -> str:
        """Of the dashboard."""
        return f"{self.origin}/api/dashboard"

    def open(self, page: Page) -> None:
        """Open the dashboard and type the key."""
        page.goto(self.url)
        page.get_by_role("textbox", name="Key").fill(KEY)
        page.get_by_role("button", name="Connect").click()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """The page, and what a test has the API tell."""
        path = handler.path.split("?")[0].removeprefix("/api/")
        if path == "dashboard":
            _send(handler, 200, PAGE.encode(), {**HEADERS, "Content-Type": "text/html; charset=utf-8"})
            return
        if self.away:
            handler.close_connection = True
            return
        length = int(handler.headers.get("content-length", 0))
        body = json.loads(handler.rfile.read(length)) if length else None
        name = f"{handler.command} {path}"
        self.requests.append((name, body))
        status, answer = self.answers.get(name, (404, {"title": "Nothing", "detail": name, "code": "UNKNOWN_RUN"}))
        if handler.headers.get("x-functions-key") != KEY:
            status, answer = 401, ""
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        _send(
            handler, status, content, {"Content-Type": "text/plain" if isinstance(answer, str) else "application/json"}
        )


def _send(handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
