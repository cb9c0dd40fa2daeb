"""Faults: seeded answers that no client wants to see."""

import asyncio
import random
from dataclasses import dataclass, field

from starlette.responses import Response

_JSON = "application/json"
_ANSWERS: dict[str, tuple[int, bytes, str]] = {
    "error_500": (500, b'{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}', _JSON),
    "html_502": (502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html"),
    "empty_503": (503, b"", "text/plain"),
    "cut_short": (200, b'{"result":[{"ID":"1","NA', _JSON),
    "throttled_200": (200, b'{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}', _JSON),
}
KINDS = (*_ANSWERS, "slow")


@dataclass(slots=True)
class Faults:
    """A share of the requests goes wrong; ``down`` makes all of them fail."""

    share: float = 0.0
    seed: int = 1
    down: bool = False
    kinds: tuple[str, ...] = KINDS
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # repeatable faults

    async def instead(self) -> Response | None:
        """An answer in place of the real one, or None."""
        if self.down:
            return Response("<html>Service Unavailable</html>", 502, media_type="text/html")
        if not self.share or self._chance.random() >= self.share:
            return None
        kind = self._chance.choice(self.kinds)
        if kind == "slow":
            await asyncio.sleep(1.0)
            return None
        status, body, media = _ANSWERS[kind]
        return Response(body, status, media_type=media)
