"""The client that every connector calls through."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx

from shared.http.backoff import Backoff
from shared.http.redaction import redact
from shared.model.errors import PortageError, RetryLater, SlowDown
from shared.ports.systems import Budget

USER_AGENT = "portage/0.1"
_TIMEOUT = httpx.Timeout(65.0, connect=5.0)
"""The portal allows a request 60 s; see API facts §2.3."""

_LIMITS = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. ``seconds`` is how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


Classify = Callable[[Answer], PortageError | None]
"""What an answer means: None when it is good."""

Tally = Callable[[str, str], None]
"""Told of every call: (method, verdict); the verdict is ``ok`` or a reason's code."""


@dataclass(slots=True)
class HttpClient:
    """Posts to one system. ``system`` is ``source`` or ``target`` and begins the reasons of its errors."""

    system: str
    tally: Tally
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=False, headers={"User-Agent": USER_AGENT}
        )
    )

    async def post(
        self,
        url: str,
        content: bytes,
        *,
        method: str,
        classify: Classify,
        budget: Budget,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post until the answer is good, the trouble is not worth repeating, or the backoff gives up.

        Raises what ``classify`` found, or RetryLater when the other side does not answer. ``method`` is the name that
        budget and tally know the call by.
        """
        begun = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            await budget.acquire(method)
            answer, error = await self._once(url, content, headers, classify)
            self.tally(method, error.reason.code if error else "ok")
            if error is None and answer is not None:
                return answer
            if isinstance(error, SlowDown):
                await budget.throttled(method, error.retry_after)
            pause = None
            if isinstance(error, RetryLater):
                pause = self.backoff.wait(attempt, time.monotonic() - begun, error.retry_after)
            if error is None or pause is None:
                raise error or RetryLater(f"{self.system}.unreachable", "no answer")
            await self.sleep(pause)

    async def _once(
        self, url: str, content: bytes, headers: Mapping[str, str] | None, classify: Classify
    ) -> tuple[Answer | None, PortageError | None]:
        begun = time.monotonic()
        sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        try:
            response = await self.http.post(url, content=content, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            message = f"{type(error).__name__}: {redact(str(error))}" if str(error) else type(error).__name__
            return None, RetryLater(f"{self.system}.unreachable", message)
        seconds = time.monotonic() - begun
        answer = Answer(response.status_code, response.headers, response.content, seconds)
        return answer, classify(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()
