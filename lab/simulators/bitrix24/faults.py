"""Faults: seeded answers that no client wants to see (API facts §1.5, §9.2, §9.4)."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from lab.simulators.bitrix24.errors import PortalError

_JSON = "application/json"
_HTML = "text/html"
_MOVED = "https://moved.example.com/rest/"

_ANSWERS: dict[str, tuple[int, bytes, str]] = {
    "error_500": (500, b'{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}', _JSON),
    "unexpected_500": (
        500,
        b'{"error":"error_unexpected_answer","error_description":"\\u041e\\u0448\\u0438\\u0431\\u043a\\u0430<br>"}',
        _JSON,
    ),
    "html_403": (403, b"<html><h1>403 Forbidden</h1></html>", _HTML),
    "html_500": (500, b"<html><h1>500 Internal Server Error</h1></html>", _HTML),
    "html_502": (502, b"<html><h1>502 Bad Gateway</h1></html>", _HTML),
    "empty_504": (504, b"", "text/plain"),
    "empty_503": (503, b"", "text/plain"),
    "empty_200": (200, b"", _JSON),
    "cut_short": (200, b'{"result":[{"ID":"1","NA', _JSON),
    "throttled_200": (200, b'{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}', _JSON),
    "html_302": (302, b"<html><h1>302 Found</h1></html>", _HTML),
}
_IN_BATCH: dict[str, tuple[str, str] | None] = {
    "batch_silent": None,
    "batch_error_500": ("INTERNAL_SERVER_ERROR", "Internal server error"),
    "batch_operating": ("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
    "batch_scope": ("insufficient_scope", ""),
}
_ONE_COMMAND_IN = 5

RESET, SLOW, LATE = "reset", "slow", "late"
LASTING = frozenset({"html_302", "batch_operating", "batch_scope"})
KINDS = (*_ANSWERS, *_IN_BATCH, RESET, SLOW, LATE)
PASSING = tuple(kind for kind in KINDS if kind not in LASTING)


@dataclass(slots=True)
class Faults:
    """A share of the requests goes wrong in one of ``kinds``; ``down`` makes all of them fail.

    ``PASSING`` kinds are over when the call is repeated; ``LASTING`` ones tell the client to do something else first.
    """

    share: float = 0.0
    seed: int = 1
    kinds: tuple[str, ...] = PASSING
    slow_ms: float = 1_000.0
    down: bool = False
    counted: Counter[str] = field(default_factory=Counter)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # repeatable faults

    def draw(self, *, batch: bool) -> str | None:
        """The kind of fault that hits this request, or None. What hits commands, hits batches only."""
        kinds = [kind for kind in self.kinds if batch or kind not in _IN_BATCH]
        if not kinds or not self.share or self._chance.random() >= self.share:
            return None
        kind = self._chance.choice(kinds)
        self.counted[kind] += 1
        return kind

    def answer(self, kind: str | None) -> Response | None:
        """The answer in place of the real one, for the kinds that have one."""
        if kind not in _ANSWERS:
            return None
        status, body, media = _ANSWERS[kind]
        headers = {"location": _MOVED} if status == 302 else None
        return Response(body, status, headers, media)

    def in_batch(self, kind: str | None, commands: int) -> dict[int, PortalError | None]:
        """Which of a batch's commands fail, and how: some of them when the kind is one of commands, else none.

        None: the answer is silent about the command.
        """
        if kind not in _IN_BATCH or not commands:
            return {}
        places = self._chance.sample(range(commands), max(1, commands // _ONE_COMMAND_IN))
        error = _IN_BATCH[kind]
        return {place: PortalError(*error) if error else None for place in places}


def outage() -> Response:
    """What a portal that is down answers to everything."""
    return Response("<html>Service Unavailable</html>", 502, media_type=_HTML)


def gateway_timeout() -> Response:
    """What is seen of a request that ran too long; part of it was done."""
    return Response(b"", 504, media_type="text/plain")


def read_kinds(names: Any) -> tuple[str, ...]:
    """A list of kinds, or ``all``. Raises ValueError with what is allowed."""
    if names == ["all"]:
        return KINDS
    if not isinstance(names, list) or not all(name in KINDS for name in names):
        raise ValueError(f"fault kinds are: {', '.join(KINDS)}; or all")
    return tuple(names)
